"""What FFmpeg reads for us: exact lengths, past damage, and nothing but the bytes given."""

from __future__ import annotations

import csv
import io
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.converters.signals import decode_bytes, encode_bytes, make_voice, measure_fidelity
from tests.profiles import tried

from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.errors import (
    DependencyMissingError,
    MalformedAudioError,
    OssicleError,
    UnsupportedFormatError,
)
from ossicle_av import AvConverter
from ossicle_av.plugin import SPEC
from ossicle_av.rules import DECODERS, DEMUXERS, RAW_DEMUXERS
from ossicle_soundfile import SoundfileConverter

pytest.importorskip("av")

DATA = Path(__file__).parents[2] / "data"
AV = AvConverter()
SOUNDFILE = SoundfileConverter()


def test_every_shared_file_gives_its_length_or_a_typed_error(shared_audio: Path) -> None:
    checked = 0
    text = (shared_audio / "MANIFEST.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        try:
            clip = AudioClip.from_path(shared_audio / row["path"])
            if SPEC.reading(clip.format) is None or row["status"] == "bomb":
                continue
            with AV.decode(clip) as stream:
                frames = sum(len(block) for block in stream)
        except OssicleError:
            assert row["status"] != "valid", row["path"]
            continue
        checked += 1
        if row["status"] == "valid" and row["duration_s"]:
            # ffprobe counts the encoder's delay of MP3 and Opus in.
            assert frames / stream.sample_rate == pytest.approx(
                float(row["duration_s"]), abs=0.07
            ), row["path"]
    assert checked > 35


@pytest.mark.parametrize(
    ("name", "frames", "sample_rate", "channels"),
    [
        ("m4a-moov-last-edit-list.m4a", 96_000, 48_000, 1),
        ("aac-adts.aac", 49_152, 24_000, 1),
        ("ac3.ac3", 96_768, 48_000, 2),
        ("amr-nb.amr", 16_000, 8_000, 1),
        ("opus-mono-20ms.ogg", 96_000, 48_000, 1),
        ("flac-one-sample.flac", 1, 44_100, 1),
        ("ogg-chained-opus.ogg", 96_000, 48_000, 2),
        ("wma.wma", 88_064, 44_100, 1),
        ("webm-mediarecorder-mono.webm", 96_156, 48_000, 1),
    ],
)
def test_frames_of_made_files(name: str, frames: int, sample_rate: int, channels: int) -> None:
    pcm = AV.decode(AudioClip.from_path(DATA / name)).read()
    assert (pcm.frames, pcm.sample_rate, pcm.channels) == (frames, sample_rate, channels)


def test_alac_in_caf_and_flac_in_ogg(shared_audio: Path) -> None:
    for name, frames in (("caf-alac.caf", 88_200), ("flac-in-ogg.oga", 32_000)):
        clip = AudioClip.from_path(shared_audio / "made/tricky" / name)
        assert AV.decode(clip).read().frames == frames


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("name", ["flac", "vorbis"])
def test_it_agrees_with_libsndfile(name: str, channels: int) -> None:
    pcm = make_voice(frames=70_001, channels=channels)
    data = encode_bytes(SOUNDFILE, pcm, AudioFormat.named(name))
    ours, theirs = decode_bytes(AV, data), decode_bytes(SOUNDFILE, data)
    assert ours.samples.shape == theirs.samples.shape
    tolerance = 0 if name == "flac" else 1e-4
    np.testing.assert_allclose(ours.samples, theirs.samples, atol=tolerance)


def test_the_padding_behind_an_edit_list_is_cut_and_a_lying_length_is_not_believed() -> None:
    data = bytearray((DATA / "m4a-moov-last-edit-list.m4a").read_bytes())
    at = data.index(b"mdhd") + 4
    # A media header that claims a tenth of the length (ISO/IEC 14496-12, 8.4.2).
    duration = int.from_bytes(data[at + 16 : at + 20], "big")
    edit = data.index(b"elst") + 12
    segment = int.from_bytes(data[edit : edit + 4], "big")
    data[at + 16 : at + 20] = (duration // 10).to_bytes(4, "big")
    data[edit : edit + 4] = (segment // 10).to_bytes(4, "big")
    pcm = decode_bytes(AV, bytes(data))
    assert pcm.frames <= 97_000


def test_damaged_packets_are_left_out() -> None:
    pcm = make_voice(frames=24_000 * 10)
    data = bytearray(encode_bytes(AV, pcm, AudioFormat(container="adts", encoding="aac")))
    rng = np.random.default_rng(3)
    middle = len(data) // 2
    data[middle : middle + 3000] = rng.integers(0, 256, 3000, dtype=np.uint8).tobytes()
    found = decode_bytes(AV, bytes(data))
    assert 0.85 * pcm.frames < found.frames < 1.05 * pcm.frames


def test_more_damage_than_sound_is_an_error() -> None:
    data = bytearray((DATA / "opus-mono-20ms.ogg").read_bytes())
    with_m4a = bytearray((DATA / "m4a-moov-last-edit-list.m4a").read_bytes())
    start = with_m4a.index(b"mdat") + 4
    end = with_m4a.index(b"moov") - 4
    with_m4a[start:end] = bytes([0xFF]) * (end - start)
    with pytest.raises(MalformedAudioError):
        decode_bytes(AV, bytes(with_m4a))
    assert data


@settings(deadline=None, max_examples=tried(60))
@given(data=st.data())
def test_mutated_files_end_in_samples_or_in_an_error_of_ours(data: st.DataObject) -> None:
    names = ["m4a-moov-last-edit-list.m4a", "opus-mono-20ms.ogg", "wma.wma", "aac-adts.aac",
             "webm-mediarecorder-mono.webm", "amr-nb.amr"]  # fmt: skip
    seed = bytearray((DATA / data.draw(st.sampled_from(names))).read_bytes())
    form = AudioClip.from_bytes(bytes(seed)).format
    for _ in range(data.draw(st.integers(1, 12))):
        seed[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(seed)))
    clip = AudioClip(bytes(seed[:cut]), facts=AudioFacts(format=form, n_bytes=cut))
    try:
        with AV.decode(clip) as stream:
            for block in itertools.islice(stream, 50):
                assert block.dtype == np.float32
                assert block.shape[1] == stream.channels
    except OssicleError:
        pass


def test_blocks_are_of_one_size_but_the_last() -> None:
    data = encode_bytes(
        SOUNDFILE, make_voice(frames=150_000, channels=2), AudioFormat.named("flac")
    )
    with AV.decode(AudioClip.from_bytes(data)) as stream:
        assert [len(block) for block in stream] == [65_536, 65_536, 18_928]


def test_closing_early_closes_the_file() -> None:
    opened: list[io.BufferedReader] = []

    class Watched(AudioClip):
        def open(self):  # type: ignore[no-untyped-def]
            opened.append(super().open())  # type: ignore[arg-type]
            return opened[-1]

    path = DATA / "opus-mono-20ms.ogg"
    clip = Watched(path, facts=AudioClip.from_path(path).facts)
    stream = AV.decode(clip)
    next(iter(stream))
    stream.close()
    stream.close()
    AV.decode(clip).close()
    assert len(opened) == 2
    assert all(file.closed for file in opened)


def test_a_container_that_holds_another_codec_is_refused() -> None:
    data = (DATA / "opus-mono-20ms.ogg").read_bytes()
    form = AudioFormat(container="ogg", encoding="vorbis")
    clip = AudioClip(data, facts=AudioFacts(format=form, n_bytes=len(data)))
    with pytest.raises(UnsupportedFormatError, match="holds opus, not vorbis"):
        AV.decode(clip)


@pytest.mark.parametrize("encoding", ["pcm_s16le", "unknown", "h264", "dts"])
def test_an_encoding_without_a_rule_is_refused(encoding: str) -> None:
    data = (DATA / "opus-mono-20ms.ogg").read_bytes()
    form = AudioFormat(container="ogg", encoding=encoding)
    clip = AudioClip(data, facts=AudioFacts(format=form, n_bytes=len(data)))
    with pytest.raises(UnsupportedFormatError, match="no decoder is admitted"):
        AV.decode(clip)


def test_every_reading_rule_has_a_demuxer_and_decoders() -> None:
    for rule in SPEC.reads:
        assert rule.encodings is not None
        if rule.container == "raw":
            assert set(rule.encodings) == set(RAW_DEMUXERS)
        else:
            assert rule.container in DEMUXERS
        assert set(rule.encodings) <= set(DECODERS)


PLAYLIST = "#EXTM3U\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile '{path}'\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 49170 RTP/AVP 0\n"


@pytest.mark.parametrize("text", [PLAYLIST, CONCAT, SDP])
@pytest.mark.parametrize("container", sorted(DEMUXERS))
def test_text_that_names_files_is_never_followed(
    text: str, container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the sniffer is tricked: the demuxer is named, not looked for."""
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "secret.wav"
    target.write_bytes((DATA / "scipy--test-8000Hz-le-1ch-1byte-ulaw.wav").read_bytes())
    data = text.format(path="secret.wav").encode() * 3
    encoding = next(rule.encodings[0] for rule in SPEC.reads if rule.container == container)  # type: ignore[index]
    form = AudioFormat(container=container, encoding=encoding)  # type: ignore[arg-type]
    clip = AudioClip(data, facts=AudioFacts(format=form, n_bytes=len(data)))
    opened: list[str] = []
    _watch_opens(opened)
    try:
        frames = AV.decode(clip).read().frames
    except OssicleError:
        frames = 0
    finally:
        _stop_watching()
    assert frames == 0
    assert not [path for path in opened if "secret" in path]


_WATCHED: list[list[str]] = []


def _watch_opens(sink: list[str]) -> None:
    if not _WATCHED:
        sys.addaudithook(_on_audit)
    _WATCHED.append(sink)


def _stop_watching() -> None:
    _WATCHED[-1] = []


def _on_audit(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("open", "socket.connect") and _WATCHED:
        _WATCHED[-1].append(str(arguments))


def test_the_plugin_imports_nothing_heavy() -> None:
    code = "import sys, ossicle_av.plugin\nprint(*{'av', 'numpy'} & set(sys.modules))"
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setitem(sys.modules, "av.error", None)
    with pytest.raises(DependencyMissingError) as caught:
        AV.decode(AudioClip.from_path(DATA / "aac-adts.aac"))
    assert caught.value.extra == "av"


def test_a_lossy_round_trip_through_another_library_keeps_its_place() -> None:
    pcm = make_voice(frames=48_000, sample_rate=48_000)
    data = encode_bytes(SOUNDFILE, pcm, AudioFormat.named("opus"))
    back = decode_bytes(AV, data)
    assert (back.frames, back.sample_rate) == (48_000, 48_000)
    found = measure_fidelity(pcm, back)
    assert found.lag == 0
    assert found.snr_db > 15


@pytest.mark.parametrize("channels", [3, 5, 6, 7, 8])
@pytest.mark.parametrize("name", ["flac", "vorbis"])
def test_channels_keep_their_places(name: str, channels: int) -> None:
    pcm = make_voice(frames=48_000, channels=channels)
    back = decode_bytes(AV, encode_bytes(SOUNDFILE, pcm, AudioFormat.named(name)))
    likeness = np.abs(np.corrcoef(pcm.samples.T, back.samples.T)[:channels, channels:])
    low_frequency = {6: 3, 7: 3, 8: 3}.get(channels)
    for channel in range(channels):
        if channel != low_frequency or name == "flac":
            assert likeness[:, channel].argmax() == channel
