"""What libsndfile writes for us comes back as it went in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.converters.signals import (
    FullSink,
    decode_bytes,
    encode_bytes,
    make_voice,
    measure_fidelity,
)
from tests.profiles import tried

from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.errors import ConfigurationError, FileAccessError
from ossicle_soundfile import SoundfileConverter
from ossicle_soundfile.rules import WRITES

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

SOUNDFILE = SoundfileConverter()
PCM_KINDS = [
    (rule.container, encoding)
    for rule in WRITES
    for encoding in rule.encodings or ()
    if encoding.startswith("pcm_")
]
LOSSY = [("mp3", "mp3"), ("ogg", "vorbis"), ("ogg", "opus")]


def as_stored(samples: np.ndarray, encoding: str) -> np.ndarray:
    """Rounding by hand: what a stored sample stands for."""
    name = encoding.removeprefix("pcm_").removesuffix("le").removesuffix("be")
    if name in ("f32", "f64"):
        return samples
    scale = 2.0 ** (int(name[1:]) - 1)
    rounded = np.clip(np.rint(samples.astype(np.float64) * scale), -scale, scale - 1)
    return (rounded / scale).astype(np.float32)


@pytest.mark.parametrize(("container", "encoding"), [*PCM_KINDS, ("flac", "flac")])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_pcm_comes_back_bit_exact(container: str, encoding: str, channels: int) -> None:
    pcm = make_voice(frames=3001, channels=channels)
    pcm.samples[:4, 0] = (1.0, -1.0, 1.5, -1.5)
    target = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    back = decode_bytes(SOUNDFILE, encode_bytes(SOUNDFILE, pcm, target))
    kind = "pcm_s16le" if encoding == "flac" else encoding
    assert back.sample_rate == pcm.sample_rate
    np.testing.assert_array_equal(back.samples, as_stored(pcm.samples, kind))


@settings(deadline=None, max_examples=tried(25))
@given(
    values=st.lists(st.integers(-32768, 32767), min_size=1, max_size=400),
    channels=st.integers(1, 3),
    block_frames=st.integers(1, 100),
)
def test_flac_of_16_bits_is_bit_exact_at_any_split(
    values: list[int], channels: int, block_frames: int
) -> None:
    values += [0] * (-len(values) % channels)
    samples = np.array(values, np.float32).reshape(-1, channels) / np.float32(32768)
    pcm = Pcm(samples=samples, sample_rate=16_000)
    target = AudioFormat(container="flac", encoding="flac")
    data = encode_bytes(SOUNDFILE, pcm, target, block_frames=block_frames)
    np.testing.assert_array_equal(decode_bytes(SOUNDFILE, data).samples, samples)


def test_flac_of_24_bits_is_bit_exact_when_asked_for() -> None:
    pcm = make_voice(frames=2000)
    samples = as_stored(pcm.samples, "pcm_s24le")
    target = AudioFormat(container="flac", encoding="flac")
    converter = SoundfileConverter(flac_bit_depth=24)
    data = encode_bytes(converter, Pcm(samples=samples, sample_rate=24_000), target)
    assert AudioClip.from_bytes(data).facts.bit_depth == 24
    np.testing.assert_array_equal(decode_bytes(SOUNDFILE, data).samples, samples)


def test_an_unknown_flac_bit_depth_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="flac_bit_depth of 20"):
        SoundfileConverter(flac_bit_depth=20)  # type: ignore[arg-type]


@pytest.mark.parametrize(("container", "encoding"), LOSSY)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_formats_keep_length_and_place(container: str, encoding: str, channels: int) -> None:
    pcm = make_voice(frames=30_001, channels=channels)
    target = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    back = decode_bytes(SOUNDFILE, encode_bytes(SOUNDFILE, pcm, target))
    assert (back.frames, back.channels, back.sample_rate) == (30_001, channels, 24_000)
    found = measure_fidelity(pcm, back)
    assert abs(found.lag) <= 1
    assert found.snr_db > 15


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_telephone_wav_is_within_its_steps(encoding: str) -> None:
    pcm = make_voice(frames=8000, sample_rate=8000)
    target = AudioFormat(container="wav", encoding=encoding)
    back = decode_bytes(SOUNDFILE, encode_bytes(SOUNDFILE, pcm, target))
    assert back.frames == 8000
    assert measure_fidelity(pcm, back).snr_db > 30


@pytest.mark.parametrize(
    ("encoding", "sample_rate"), [("ima_adpcm", 8000), ("ms_adpcm", 8000), ("gsm", 8000)]
)
def test_adpcm_and_gsm_wav_are_padded_to_whole_blocks(encoding: str, sample_rate: int) -> None:
    pcm = make_voice(frames=9000, sample_rate=sample_rate)
    back = decode_bytes(
        SOUNDFILE, encode_bytes(SOUNDFILE, pcm, AudioFormat(container="wav", encoding=encoding))
    )
    assert 9000 <= back.frames < 9000 + 2048
    assert measure_fidelity(pcm, back).lag == 0


@pytest.mark.parametrize(("encoding", "container"), [("mp3", "mp3"), ("opus", "ogg")])
@pytest.mark.parametrize("bit_rate", [32_000, 96_000])
def test_a_wanted_bit_rate_is_met(encoding: str, container: str, bit_rate: int) -> None:
    pcm = make_voice(frames=24_000 * 4)
    rng = np.random.default_rng(7)
    pcm.samples[:] += rng.normal(0, 0.02, pcm.samples.shape).astype(np.float32)
    target = AudioFormat(container=container, encoding=encoding, bit_rate=bit_rate)  # type: ignore[arg-type]
    found = len(encode_bytes(SOUNDFILE, pcm, target)) * 8 / 4
    assert found == pytest.approx(bit_rate, rel=0.25)


@pytest.mark.parametrize(("container", "encoding"), [*LOSSY, ("flac", "flac")])
def test_nothing_becomes_one_frame_of_silence_where_a_format_cannot_be_empty(
    container: str, encoding: str
) -> None:
    pcm = make_voice(frames=0)
    target = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    back = decode_bytes(SOUNDFILE, encode_bytes(SOUNDFILE, pcm, target))
    assert back.frames == 1
    assert np.abs(back.samples).max() < 1e-3


def test_an_empty_wav_stays_empty() -> None:
    data = encode_bytes(SOUNDFILE, make_voice(frames=0), AudioFormat.named("wav"))
    assert decode_bytes(SOUNDFILE, data).frames == 0


@pytest.mark.parametrize(("container", "encoding"), [*LOSSY, ("flac", "flac"), ("wav", "alaw")])
def test_what_is_no_number_becomes_silence_and_overload_is_clipped(
    container: str, encoding: str
) -> None:
    samples = np.full((6000, 1), np.nan, np.float32)
    samples[3000:] = 3.0
    target = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    back = decode_bytes(
        SOUNDFILE, encode_bytes(SOUNDFILE, Pcm(samples=samples, sample_rate=8000), target)
    ).samples
    assert np.isfinite(back).all()
    assert np.abs(back[200:2500]).max() < 0.1
    # Full scale of both signs is far from what wrapping would give.
    assert np.median(back[3500:]) > 0.5 or encoding in ("opus", "mp3", "vorbis")


def test_a_minute_in_one_block_does_not_exhaust_the_stack() -> None:
    pcm = Pcm(samples=np.zeros((24_000 * 60, 1), np.float32), sample_rate=24_000)
    target = AudioFormat(container="ogg", encoding="vorbis")
    data = encode_bytes(SOUNDFILE, pcm, target, block_frames=24_000 * 60)
    assert AudioClip.from_bytes(data).facts.frames == 24_000 * 60


def test_writing_starts_where_the_sink_stands() -> None:
    sink = io.BytesIO(b"before")
    sink.seek(6)
    pcm = make_voice(frames=500)
    SOUNDFILE.encode(pcm.stream(), AudioFormat(container="flac", encoding="flac", channels=1), sink)
    assert sink.getvalue()[:6] == b"before"
    assert decode_bytes(SOUNDFILE, sink.getvalue()[6:]).frames == 500


@pytest.mark.parametrize(("container", "encoding"), [*LOSSY, ("flac", "flac"), ("wav", "mulaw")])
def test_a_full_disk_is_an_error_of_ours(container: str, encoding: str) -> None:
    target = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    with pytest.raises(FileAccessError, match="No space left"):
        SOUNDFILE.encode(make_voice(frames=200_000).stream(), target, FullSink(2000))


def test_an_error_of_the_source_ends_encoding_and_is_not_hidden() -> None:
    pcm = make_voice(frames=2000)

    def failing() -> Iterator[Samples]:
        yield pcm.samples
        raise FileAccessError("the source is gone")

    stream = pcm.stream().map(failing())
    with pytest.raises(FileAccessError, match="the source is gone"):
        SOUNDFILE.encode(stream, AudioFormat.named("flac"), io.BytesIO())
