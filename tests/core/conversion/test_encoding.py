"""Conversions keep length and sound, pass through what needs none, and take little memory."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.converters.signals import PipeSink, encode_bytes, make_voice, measure_fidelity, run_fresh
from tests.profiles import tried

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.conversion import convert_clip
from ossicle.conversion.encoding import encode_stream
from ossicle.errors import AudioLimitError, FileAccessError, UnsupportedFormatError
from ossicle.intake import PCM_SPEC, IntakeLimits, PcmConverter
from ossicle_av.plugin import SPEC as AV
from ossicle_lame.plugin import SPEC as LAME
from ossicle_soundfile.plugin import SPEC as SOUNDFILE

CONVERTERS: tuple[ConverterSpec, ...] = (PCM_SPEC, SOUNDFILE, LAME, AV)
DATA = Path(__file__).parents[2] / "data"


def wav_clip(pcm: Pcm, encoding: str = "pcm_s16le") -> AudioClip:
    wav = AudioFormat(container="wav", encoding=encoding)
    return AudioClip.from_bytes(encode_bytes(PcmConverter(), pcm, wav))


def samples_of(clip: AudioClip) -> Pcm:
    from ossicle.intake import decode

    return decode(clip, converters=CONVERTERS).read()


@settings(deadline=None, max_examples=tried(25))
@given(frames=st.integers(1, 4000), channels=st.integers(1, 2), seed=st.integers(0, 999))
def test_wav_to_flac_and_back_is_bit_exact(frames: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.integers(-32768, 32768, (frames, channels)).astype(np.float32) / np.float32(32768)
    wav = wav_clip(Pcm(samples=samples, sample_rate=16_000))
    flac = convert_clip(wav, AudioFormat.named("flac"), converters=CONVERTERS).clip
    assert flac.format.encoding == "flac"
    back = convert_clip(flac, AudioFormat.named("wav"), converters=CONVERTERS).clip
    assert back == wav


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "opus", "aac", "mulaw", "alaw", "vorbis"])
def test_every_output_format_can_be_made_of_any_rate_and_channels(name: str) -> None:
    pcm = make_voice(frames=33_000, channels=3, sample_rate=22_050)
    made = convert_clip(wav_clip(pcm), AudioFormat.named(name), converters=CONVERTERS).clip
    assert made.format.name == name or made.format.encoding == AudioFormat.named(name).encoding
    back = samples_of(made)
    assert back.duration_s == pytest.approx(pcm.duration_s, abs=0.1 if name == "aac" else 1e-3)
    assert np.abs(back.samples).max() > 0.1


def test_raw_samples_come_out_without_a_header() -> None:
    pcm = make_voice(frames=100)
    made = convert_clip(wav_clip(pcm), AudioFormat.named("pcm16"), converters=CONVERTERS).clip
    assert made.n_bytes == 200
    assert made.format == AudioFormat.pcm(sample_rate=24_000)


def test_a_clip_in_the_target_format_is_returned_as_it_is(tmp_path: Path) -> None:
    clip = wav_clip(make_voice(frames=10))
    same = AudioFormat.named("wav", sample_rate=24_000, channels=1)
    assert convert_clip(clip, same, converters=()).clip is clip
    saved = convert_clip(clip, same, converters=(), path=tmp_path / "same.wav").clip
    assert saved.path == tmp_path / "same.wav"
    assert saved == clip


def test_a_header_without_sizes_is_repaired_on_the_way() -> None:
    data = bytearray(wav_clip(make_voice(frames=50)).read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    clip = AudioClip.from_bytes(bytes(data))
    made = convert_clip(clip, AudioFormat.named("wav"), converters=CONVERTERS).clip
    assert "sizes_unknown" not in made.facts.notes
    assert made.facts.frames == 50


def test_rate_and_channels_change_without_moving_the_sound() -> None:
    pcm = make_voice(frames=48_000, channels=2, sample_rate=48_000)
    target = AudioFormat.named("wav", sample_rate=16_000, channels=1)
    back = samples_of(convert_clip(wav_clip(pcm), target, converters=CONVERTERS).clip)
    assert (back.frames, back.channels, back.sample_rate) == (16_000, 1, 16_000)
    # The middle: at the ends the filter hears the tones begin and stop.
    middle = slice(1000, 15_000)
    mono = pcm.samples.mean(axis=1, keepdims=True)[::3][middle]
    found = measure_fidelity(
        Pcm(samples=mono, sample_rate=16_000),
        Pcm(samples=back.samples[middle], sample_rate=16_000),
    )
    assert found.lag == 0
    # All tones are far below 8 kHz: taking every third frame is the resampler's ideal here.
    assert found.snr_db > 60


def test_a_path_gets_everything_or_nothing(tmp_path: Path) -> None:
    clip = wav_clip(make_voice(frames=24_000))
    path = tmp_path / "voice.mp3"
    made = convert_clip(clip, AudioFormat.named("mp3"), converters=CONVERTERS, path=path).clip
    assert made.path == path
    assert made.facts.frames == 24_000
    with pytest.raises(AudioLimitError):
        convert_clip(
            clip,
            AudioFormat.named("flac"),
            converters=CONVERTERS,
            limits=IntakeLimits(decoded_s=0.5),
            path=tmp_path / "long.flac",
        )
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError):
        convert_clip(
            wav_clip(make_voice(frames=10)),
            AudioFormat.named("flac"),
            converters=CONVERTERS,
            path=tmp_path / "missing" / "voice.flac",
        )


def test_what_cannot_be_read_or_written_names_the_extra() -> None:
    from dataclasses import replace

    from ossicle.abc import Requirement

    absent = replace(AV, requires=(Requirement(package="no_such_av", extra="av"),))
    known = (PCM_SPEC, SOUNDFILE, absent)
    with pytest.raises(UnsupportedFormatError) as caught:
        convert_clip(
            AudioClip.from_path(DATA / "aac-adts.aac"), AudioFormat.named("wav"), converters=known
        )
    assert caught.value.extra == "av"
    with pytest.raises(UnsupportedFormatError) as caught:
        convert_clip(wav_clip(make_voice(frames=10)), AudioFormat.named("aac"), converters=known)
    assert caught.value.extra == "av"


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac", "wav"])
def test_a_stream_goes_into_a_sink_that_cannot_seek(name: str) -> None:
    pcm = make_voice(frames=48_000, sample_rate=24_000)
    sink = PipeSink()
    exact = encode_stream(
        pcm.stream(),
        AudioFormat.named(name),
        sink,  # type: ignore[arg-type]  # RawIOBase is enough
        converters=CONVERTERS,
    )
    assert (exact.format.sample_rate, exact.format.channels) == (24_000, 1)
    back = samples_of(AudioClip.from_bytes(bytes(sink.data)))
    assert back.duration_s == pytest.approx(2.0, abs=0.15)


@pytest.mark.slow
def test_an_hour_takes_little_memory(tmp_path: Path) -> None:
    """Sixty minutes of 16 kHz WAV to FLAC; the bound holds for any length."""
    path = tmp_path / "hour.wav"
    minute = (make_voice(frames=16_000 * 60, sample_rate=16_000).samples * 32_767).astype("<i2")
    from ossicle.audio.wav import wav_header

    form = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=16_000, channels=1)
    with path.open("wb") as file:
        file.write(wav_header(form, 60 * len(minute)))
        for _ in range(60):
            file.write(minute.tobytes())
    code = (
        "import sys; from pathlib import Path\n"
        "from ossicle.audio import AudioClip, AudioFormat\n"
        "from ossicle.intake import TRUSTED, PCM_SPEC\n"
        "from ossicle.conversion import convert_clip\n"
        "from ossicle_soundfile.plugin import SPEC\n"
        "made = convert_clip(AudioClip.from_path(sys.argv[1]), AudioFormat.named('flac'),\n"
        "    converters=(PCM_SPEC, SPEC), limits=TRUSTED, path=Path(sys.argv[2])).clip\n"
        "print(made.facts.frames, peak_kib() >> 10)\n"
    )
    done = run_fresh(code, str(path), str(tmp_path / "hour.flac"))
    frames, peak_mib = map(int, done.split())
    assert frames == 60 * len(minute)
    assert peak_mib <= 100


def test_an_empty_wav_becomes_the_least_that_a_format_can_hold() -> None:
    made = convert_clip(
        wav_clip(make_voice(frames=0)), AudioFormat.named("flac"), converters=CONVERTERS
    ).clip
    assert made.facts.frames == 1
    assert io.BytesIO(made.read_bytes()).read(4) == b"fLaC"
