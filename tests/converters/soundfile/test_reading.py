"""What libsndfile reads for us, whole and damaged, against the shared files and by hand."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.converters.signals import (
    decode_bytes,
    encode_bytes,
    make_voice,
    measure_fidelity,
    run_fresh,
)

from ossicle.audio import AudioClip, AudioFacts, AudioFormat, Pcm
from ossicle.errors import (
    DependencyMissingError,
    FileAccessError,
    MalformedAudioError,
    OssicleError,
    UnsupportedFormatError,
)
from ossicle_soundfile import SoundfileConverter
from ossicle_soundfile.plugin import SPEC

DATA = Path(__file__).parents[2] / "data"
SOUNDFILE = SoundfileConverter()
MP3 = AudioFormat(container="mp3", encoding="mp3")


def test_every_shared_file_gives_its_frames_or_a_typed_error(shared_audio: Path) -> None:
    checked = 0
    text = (shared_audio / "MANIFEST.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        frames = _frames_by_soundfile(row["soundfile"])
        try:
            clip = AudioClip.from_path(shared_audio / row["path"])
            if SPEC.reading(clip.format) is None or row["status"] == "bomb":
                continue
            with SOUNDFILE.decode(clip) as stream:
                found = sum(len(block) for block in stream)
        except OssicleError:
            assert row["status"] not in ("valid",), row["path"]
            continue
        if row["status"] == "valid" and frames is not None:
            assert found == frames, row["path"]
        if clip.facts.frames is not None and row["status"] in ("valid", "tricky"):
            expected_s = clip.facts.frames / (clip.format.sample_rate or 1)
            assert found / stream.sample_rate == pytest.approx(expected_s, abs=1e-4), row["path"]
        checked += 1
    assert checked > 60


def _frames_by_soundfile(text: str) -> int | None:
    last = text.split()[-1] if text else ""
    return int(last[:-1]) if last.endswith("f") and last[:-1].isdigit() else None


@pytest.mark.slow
def test_a_bomb_streams_in_little_memory_and_stops_when_closed(shared_audio: Path) -> None:
    code = (
        "import sys\n"
        "from ossicle.audio import AudioClip\n"
        "from ossicle_soundfile import SoundfileConverter\n"
        "clip = AudioClip.from_path(sys.argv[1])\n"
        "base = peak_kib()\n"
        "with SoundfileConverter().decode(clip) as stream:\n"
        "    frames = 0\n"
        "    for block in stream:\n"
        "        frames += len(block)\n"
        "        if frames > 20_000_000: break\n"
        "print(peak_kib() - base)\n"
    )
    path = shared_audio / "made/bombs/flac-constant-silence.flac"
    assert int(run_fresh(code, str(path))) < 64 << 10


def test_a_header_that_claims_2_to_the_36_frames_allocates_nothing() -> None:
    data = bytearray((DATA / "flac-one-sample.flac").read_bytes())
    # STREAMINFO: 36 bits of total samples (RFC 9639, 8.2).
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    clip = AudioClip(bytes(data), facts=_facts("flac", "flac", len(data)))
    with SOUNDFILE.decode(clip) as stream:
        assert [len(block) for block in stream] == [1]


def test_a_wav_with_sizes_of_zero_gives_everything() -> None:
    pcm = make_voice(frames=1234, sample_rate=8000)
    data = bytearray(encode_bytes(SOUNDFILE, pcm, AudioFormat(container="wav", encoding="mulaw")))
    at = data.index(b"data") + 4
    data[at : at + 4] = bytes(4)
    data[4:8] = bytes(4)
    clip = AudioClip.from_bytes(bytes(data))
    assert "sizes_unknown" in clip.facts.notes
    assert SOUNDFILE.decode(clip).read().frames == 1234


def test_an_adpcm_wav_without_sizes_is_refused_in_words() -> None:
    pcm = make_voice(frames=4000, sample_rate=8000)
    wav = AudioFormat(container="wav", encoding="ima_adpcm", sample_rate=8000, channels=1)
    data = encode_bytes(SOUNDFILE, pcm, wav)
    facts = AudioFacts(format=wav, n_bytes=len(data), notes=("sizes_unknown",))
    with pytest.raises(UnsupportedFormatError, match="does not say where it ends"):
        SOUNDFILE.decode(AudioClip(data, facts=facts))


def test_chunked_equals_whole() -> None:
    pcm = make_voice(frames=150_000, channels=2)
    data = encode_bytes(SOUNDFILE, pcm, AudioFormat.named("flac"))
    with SOUNDFILE.decode(AudioClip.from_bytes(data)) as stream:
        sizes = [len(block) for block in stream]
    assert sizes == [65_536, 65_536, 18_928]


def test_many_channels_make_blocks_shorter() -> None:
    pcm = make_voice(frames=20_000, channels=32)
    data = encode_bytes(SOUNDFILE, pcm, AudioFormat(container="w64", encoding="pcm_s16le"))
    facts = _facts("w64", "pcm_s16le", len(data))
    with SOUNDFILE.decode(AudioClip(data, facts=facts)) as stream:
        assert max(block.size for block in stream) <= 1 << 19


def test_a_chained_ogg_goes_on_in_the_widest_shape() -> None:
    clip = AudioClip.from_path(DATA / "ogg-chained-opus.ogg")
    pcm = SOUNDFILE.decode(clip).read()
    assert (pcm.channels, pcm.duration_s) == (2, 2.0)
    first = pcm.samples[: pcm.frames // 2]
    np.testing.assert_array_equal(first[:, 0], first[:, 1])
    assert np.abs(pcm.samples[pcm.frames // 2 :]).max() > 0.01


def test_a_chain_that_changes_its_rate_is_refused() -> None:
    links = [
        encode_bytes(
            SOUNDFILE,
            make_voice(frames=4000, sample_rate=rate),
            AudioFormat(container="ogg", encoding="vorbis"),
        )
        for rate in (16_000, 24_000)
    ]
    data = b"".join(links)
    facts = AudioFacts(
        format=AudioFormat(container="ogg", encoding="vorbis"),
        n_bytes=len(data),
        notes=("chained",),
    )
    with SOUNDFILE.decode(AudioClip(data, facts=facts)) as stream:
        blocks = iter(stream)
        assert len(next(blocks)) == 4000
        with pytest.raises(UnsupportedFormatError, match="goes on with 24000 Hz"):
            next(blocks)


def test_tags_around_an_mp3_change_nothing() -> None:
    pcm = make_voice(frames=20_000)
    data = encode_bytes(SOUNDFILE, pcm, MP3)
    id3 = b"ID3\x04\x00\x00" + bytes([0, 0, 0x20, 0]) + bytes(0x1000)
    tagged = id3 + data + b"TAG" + bytes(125)
    plain, wrapped = decode_bytes(SOUNDFILE, data), decode_bytes(SOUNDFILE, tagged)
    np.testing.assert_array_equal(plain.samples, wrapped.samples)


def test_a_variable_mp3_without_a_header_frame_keeps_its_end() -> None:
    """libsndfile guesses the length from the first frames and reads no further."""
    loud, soft = _mp3_frames(bit_rate=160_000), _mp3_frames(bit_rate=8_000)
    data = loud + soft * 8
    whole = decode_bytes(SOUNDFILE, data)
    expected = sum(_frame_count(piece) for piece in (loud, *[soft] * 8)) * 576
    assert whole.frames == pytest.approx(expected, abs=2 * 576)


def test_damage_in_an_mp3_costs_only_its_surroundings(capfd: pytest.CaptureFixture[str]) -> None:
    pcm = make_voice(frames=24_000 * 20)
    data = bytearray(encode_bytes(SOUNDFILE, pcm, MP3))
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    found = decode_bytes(SOUNDFILE, bytes(data))
    assert 0.9 * pcm.frames < found.frames < pcm.frames
    tail = Pcm(samples=pcm.samples[-24_000:], sample_rate=24_000)
    last = Pcm(samples=found.samples[-24_000 - 1152 :], sample_rate=24_000)
    assert measure_fidelity(tail, last).snr_db > 10


def test_flips_all_over_an_mp3_do_not_end_it(capfd: pytest.CaptureFixture[str]) -> None:
    pcm = make_voice(frames=24_000 * 20)
    data = encode_bytes(SOUNDFILE, pcm, MP3)
    flipped = bytes(
        byte ^ 0xFF if at > 3000 and at % 997 == 0 else byte for at, byte in enumerate(data)
    )
    assert decode_bytes(SOUNDFILE, flipped).frames > 0.9 * pcm.frames


def test_a_cut_mp3_gives_what_is_there(capfd: pytest.CaptureFixture[str]) -> None:
    pcm = make_voice(frames=24_000 * 4)
    data = encode_bytes(SOUNDFILE, pcm, MP3)
    found = decode_bytes(SOUNDFILE, data[: len(data) * 2 // 3 + 7])
    assert found.frames == pytest.approx(pcm.frames * 2 / 3, rel=0.05)


@pytest.mark.parametrize("name", ["flac", "vorbis", "opus"])
def test_cut_anywhere_ends_in_what_is_there_or_in_an_error_of_ours(name: str) -> None:
    pcm = make_voice(frames=6000)
    data = encode_bytes(SOUNDFILE, pcm, AudioFormat.named(name))
    for cut in range(0, len(data), 97):
        piece = data[:cut]
        clip = AudioClip(piece, facts=_facts(*_kind(name), len(piece)))
        try:
            found = SOUNDFILE.decode(clip).read()
        except OssicleError:
            continue
        assert found.frames <= pcm.frames * 2


def _kind(name: str) -> tuple[str, str]:
    form = AudioFormat.named(name)
    return form.container, form.encoding


def test_an_unknown_variant_names_the_extra(shared_audio: Path) -> None:
    path = shared_audio / "fetched/tricky/flac-test-files--22_-_12_bit_per_sample.flac"
    with pytest.raises(UnsupportedFormatError) as caught:
        SOUNDFILE.decode(AudioClip.from_path(path))
    assert caught.value.extra == "av"


def test_nothing_behind_a_header_is_malformed() -> None:
    pcm = make_voice(frames=6000)
    data = encode_bytes(SOUNDFILE, pcm, AudioFormat.named("flac"))
    head = data[: data.index(b"\xff\xf8")]
    clip = AudioClip(head, facts=_facts("flac", "flac", len(head)))
    with pytest.raises(MalformedAudioError):
        SOUNDFILE.decode(clip).read()


def test_closing_early_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "voice.flac"
    path.write_bytes(encode_bytes(SOUNDFILE, make_voice(frames=200_000), AudioFormat.named("flac")))
    opened: list[io.BufferedReader] = []

    class Watched(AudioClip):
        def open(self):  # type: ignore[no-untyped-def]
            opened.append(super().open())  # type: ignore[arg-type]
            return opened[-1]

    clip = Watched(path, facts=AudioClip.from_path(path).facts)
    stream = SOUNDFILE.decode(clip)
    next(iter(stream))
    stream.close()
    stream.close()
    never_read = SOUNDFILE.decode(clip)
    never_read.close()
    assert len(opened) == 2
    assert all(file.closed for file in opened)


def test_a_file_that_does_not_open_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "broken.flac"
    path.write_bytes(b"fLaC" + bytes(500))
    clip = AudioClip(path, facts=_facts("flac", "flac", 504))
    # An unclosed file would be a ResourceWarning, and warnings are errors.
    with pytest.raises(UnsupportedFormatError):
        SOUNDFILE.decode(clip)


def test_a_failing_disk_is_told(tmp_path: Path) -> None:
    data = encode_bytes(SOUNDFILE, make_voice(frames=300_000), AudioFormat.named("flac"))

    class Failing(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            Failing.reads += 1
            if Failing.reads > 12:
                raise OSError(5, "Input/output error")
            return super().read(size)

    class OnBadDisk(AudioClip):
        def open(self):  # type: ignore[no-untyped-def]
            return Failing(data)

    clip = OnBadDisk(data, facts=_facts("flac", "flac", len(data)))
    with pytest.raises((FileAccessError, MalformedAudioError)):
        SOUNDFILE.decode(clip).read()


def test_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, ossicle_soundfile.plugin\n"
        "print(*{'soundfile', 'numpy', '_soundfile'} & set(sys.modules))"
    )
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    clip = AudioClip.from_path(DATA / "flac-one-sample.flac")
    with pytest.raises(DependencyMissingError) as caught:
        SOUNDFILE.decode(clip)
    assert caught.value.package == "soundfile"


def _facts(container: str, encoding: str, n_bytes: int) -> AudioFacts:
    form = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    return AudioFacts(format=form, n_bytes=n_bytes)


def _mp3_frames(*, bit_rate: int) -> bytes:
    """Frames of one bit rate without the header frame in front."""
    import lameenc

    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(bit_rate // 1000)
    encoder.set_in_sample_rate(24_000)
    encoder.set_out_sample_rate(24_000)
    encoder.set_channels(1)
    samples = (make_voice(frames=24_000).samples * 32_767).astype("<i2")
    return bytes(encoder.encode(samples.tobytes())) + bytes(encoder.flush())


def _frame_count(data: bytes) -> int:
    """Frames of MPEG-2 layer III at 24 kHz, by their headers."""
    from ossicle_soundfile.resync import _frame_bytes

    count, at = 0, 0
    while length := _frame_bytes(data[at : at + 4], 24_000):
        count, at = count + 1, at + length
    return count


@pytest.mark.parametrize("cut", [0, 137, 400, 1001, 2500])
@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_a_cut_mp3_gives_every_intact_frame(rate: int, cut: int) -> None:
    pytest.importorskip("av")
    from tests.converters.av.test_pairs import made

    from ossicle.audio.containers.mpeg_frame import read_frame

    whole = made("mp3", "libmp3lame", rate=rate, write_xing="0", id3v2_version="0")
    assert whole is not None
    data = whole[: len(whole) - cut]
    at = expected = 0
    while (frame := read_frame(data[at : at + 4])) is not None and at + frame.size <= len(data):
        at, expected = at + frame.size, expected + frame.frames
    assert len(decode_bytes(SOUNDFILE, data).samples) == expected


@pytest.mark.parametrize("xing", ["0", "1"])
@pytest.mark.parametrize("between", [b"", b"TAG" + bytes(125), b"ID3\3\0\0\0\0\0\x1e" + bytes(30)])
def test_joined_mp3s_last_as_long_as_all_of_them(xing: str, between: bytes) -> None:
    pytest.importorskip("av")
    from tests.converters.av.test_pairs import made

    one = made("mp3", "libmp3lame", rate=44_100, write_xing=xing)
    assert one is not None
    clip = AudioClip.from_bytes(between.join([one] * 3))
    assert clip.duration_s == pytest.approx(6.0, abs=0.2)
    assert clip.to_pcm().duration_s == pytest.approx(clip.duration_s or 0, abs=0.2)
