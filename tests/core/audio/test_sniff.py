"""The sniffer over real small files, hand-made ones, and any bytes at all."""

from __future__ import annotations

import io
import math
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.audio import synthetic
from tests.core.audio.synthetic import DATA
from tests.profiles import tried

from ossicle.audio import AudioFacts, sniff
from ossicle.audio.containers import mp4_box
from ossicle.audio.containers.source import Source
from ossicle.errors import MalformedAudioError


def sniff_bytes(data: bytes) -> AudioFacts:
    return sniff(io.BytesIO(data), len(data))


# What ffprobe 5.1 and libsndfile 1.2.2 say of these files: container, encoding, sample rate,
# channels, frames (where a header tells) and seconds.
KNOWN = {
    "aac-adts.aac": ("adts", "aac", 24000, 1, None, 2.048),
    "ac3.ac3": ("ac3", "ac3", 48000, 2, None, 2.016),
    "amr-nb.amr": ("amr", "amr_nb", 8000, 1, None, 2.0),
    "cpython--pluck-alaw.aifc": ("aiff", "alaw", 11025, 2, 3307, 0.29995),
    "cpython--pluck-pcm16.au": ("au", "pcm_s16be", 11025, 2, 3307, 0.29995),
    "cpython--pluck-pcm24.wav": ("wav", "pcm_s24le", 11025, 2, 3307, 0.29995),
    "flac-one-sample.flac": ("flac", "flac", 44100, 1, 1, 1 / 44100),
    "m4a-moov-last-edit-list.m4a": ("mp4", "aac", 48000, 1, None, 2.0),
    # Its second link has two channels.
    "ogg-chained-opus.ogg": ("ogg", "opus", 48000, 2, 96000, 2.0),
    "opus-mono-20ms.ogg": ("ogg", "opus", 48000, 1, 96000, 2.0),
    "scipy--test-44100Hz-2ch-32bit-float-le.wav": ("wav", "pcm_f32le", 44100, 2, 441, 0.01),
    "scipy--test-44100Hz-be-1ch-4bytes.wav": ("wav", "pcm_s32be", 44100, 1, 4410, 0.1),
    "scipy--test-8000Hz-le-1ch-1byte-ulaw.wav": ("wav", "mulaw", 8000, 1, 9, 9 / 8000),
    "scipy--test-8000Hz-le-3ch-5S-24bit-rf64.wav": ("wav", "pcm_s24le", 8000, 3, 5, 5 / 8000),
    "wav-gsm610.wav": ("wav", "gsm", 8000, 1, 16000, 2.0),
    "wav-ima-adpcm.wav": ("wav", "ima_adpcm", 22050, 1, 44902, 44902 / 22050),
    "webm-mediarecorder-mono.webm": ("matroska", "opus", 48000, 1, None, None),
    "wma.wma": ("asf", "wma", 44100, 1, None, 2.042),
}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_real_files_are_what_other_readers_say(name: str) -> None:
    container, encoding, sample_rate, channels, frames, duration_s = KNOWN[name]
    facts = sniff_bytes((DATA / name).read_bytes())
    assert (facts.format.container, facts.format.encoding) == (container, encoding)
    assert (facts.format.sample_rate, facts.format.channels) == (sample_rate, channels)
    assert facts.frames == frames
    assert facts.duration_s == (None if duration_s is None else pytest.approx(duration_s, abs=1e-3))


@pytest.mark.parametrize(
    ("container", "subtype", "encoding"),
    [
        ("aiff", "PCM_16", "pcm_s16le"),
        ("aiff", "PCM_24", "pcm_s24le"),
        ("aiff", "PCM_32", "pcm_s32le"),
        ("au", "PCM_16", "pcm_s16le"),
        ("au", "PCM_24", "pcm_s24le"),
        ("au", "FLOAT", "pcm_f32le"),
        ("au", "DOUBLE", "pcm_f64le"),
        ("au", "ULAW", "mulaw"),
    ],
)
def test_bytes_may_be_turned_around(container: str, subtype: str, encoding: str) -> None:
    file = io.BytesIO()
    silence = np.zeros((100, 2), np.float32)
    soundfile.write(
        file, silence, 11025, format=container.upper(), subtype=subtype, endian="LITTLE"
    )
    facts = sniff_bytes(file.getvalue())
    assert (facts.format.container, facts.format.encoding) == (container, encoding)
    assert (facts.format.sample_rate, facts.format.channels, facts.frames) == (11025, 2, 100)
    assert facts.notes == ()


def test_every_seed_is_known() -> None:
    for data in synthetic.seeds():
        assert sniff_bytes(data).format.encoding != "unknown"


def test_a_label_plays_no_part() -> None:
    file = io.BytesIO(synthetic.wav())
    file.name = "http://127.0.0.1/a.m3u8"
    assert sniff(file, len(file.getvalue())).format.container == "wav"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"#EXTM3U\n#EXTINF:10,\nfile:///x\n", "HLS or M3U playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n", "HLS or M3U playlist"),
        (b"ffconcat version 1.0\nfile x\n", "ffconcat script"),
        (b"  <!DOCTYPE html><html>", "an HTML page"),
        (b'{"error": {"message": "no"}}', "JSON text"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "SDP"),
        (b'<?xml version="1.0"?><MPD/>', "XML"),
        (b"https://example.com/a.wav", "web address"),
        (b"concat:a.wav|b.wav", "ffmpeg protocol"),
        (b"subfile,,start,0,end,9,,:a.wav", "ffmpeg protocol"),
        (b"data:audio/wav;base64,UklGRg==", "data URL"),
        (b"UklGR" * 40, "base64 text"),
        ("привет, мир".encode(), "plain text"),
        ("hello, world".encode("utf-16"), "plain text"),
        ("#EXTM3U\n".encode("utf-16"), "HLS or M3U playlist"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "WebP"),
        (b"RIFF\x10\x00\x00\x00AVI LIST", "AVI"),
        (b"", "no bytes"),
        (b"\x00", "1 bytes"),
        (synthetic.id3(), "nothing but a tag"),
        (synthetic.id3(declared=(1 << 28) - 1), "nothing but a tag"),
    ],
)
def test_strangers_are_named(head: bytes, words: str) -> None:
    with pytest.raises(MalformedAudioError, match=words):
        sniff_bytes(head)


def test_a_tag_before_any_container_is_skipped_and_noted() -> None:
    for data in (synthetic.flac(total=50), synthetic.mp3(frames=4), synthetic.wav()):
        plain, tagged = sniff_bytes(data), sniff_bytes(synthetic.id3(77) + data)
        assert tagged.format == plain.format
        assert tagged.frames == plain.frames
        assert "id3" in tagged.notes


def test_one_sync_word_is_no_mp3() -> None:
    with pytest.raises(MalformedAudioError):
        sniff_bytes(b"\xff\xfb\x90\x64" + bytes(5000))
    with pytest.raises(MalformedAudioError):
        sniff_bytes(b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(5000))


def test_mp3_is_counted_frame_by_frame() -> None:
    facts = sniff_bytes(synthetic.mp3(frames=10))
    assert facts.duration_s == pytest.approx(10 * 1152 / 44100)
    assert not facts.is_estimate
    with_tail = sniff_bytes(synthetic.mp3(frames=10) + b"TAG" + bytes(125))
    assert with_tail.duration_s == facts.duration_s


def test_mp3_of_a_constant_rate_is_estimated_well_when_it_is_long() -> None:
    facts = sniff_bytes(synthetic.mp3(frames=20_000))
    assert facts.is_estimate
    assert facts.duration_s == pytest.approx(20_000 * 1152 / 44100, rel=1e-3)


def xing(*, count: int, delays: int | None) -> bytes:
    body = b"Info" + struct.pack(">II", 1, count)
    if delays is not None:
        body += b"LAME3.100" + bytes(12) + delays.to_bytes(3, "big")
    head = b"\xff\xfb\x90\x64" + bytes(32)
    return (head + body).ljust(417, b"\x00")


def test_mp3_with_a_lame_tag_is_exact_to_the_frame() -> None:
    tag = xing(count=9, delays=576 << 12 | 1000)
    facts = sniff_bytes(tag + synthetic.mp3(frames=9))
    assert facts.frames == 9 * 1152 - 576 - 1000
    # Decoders need the tag: it is where the silence at both ends is counted.
    assert facts.data_offset == 0


def test_mp3_that_claims_more_frames_than_bytes_is_counted() -> None:
    facts = sniff_bytes(xing(count=1 << 31, delays=None) + synthetic.mp3(frames=9))
    assert facts.duration_s == pytest.approx(9 * 1152 / 44100)


def test_flac_frames_are_believed_only_if_the_bytes_can_hold_them() -> None:
    assert sniff_bytes(synthetic.flac(total=4096)).frames == 4096
    assert sniff_bytes(synthetic.flac(total=(1 << 36) - 1)).frames is None
    assert sniff_bytes(synthetic.flac(total=0)).frames is None


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("moov_first", [False, True])
def test_mp4_is_found_wherever_its_moov_stands(moov_first: bool, is_large: bool) -> None:
    facts = sniff_bytes(synthetic.mp4(moov_first=moov_first, is_large=is_large))
    assert str(facts.format) == "mp4/pcm_s16le 44100 Hz 2 ch"
    assert facts.duration_s == pytest.approx(1.0)


def test_boxes_that_are_smaller_than_their_header_end_the_walk() -> None:
    data = struct.pack(">I4s", 4, b"free") + synthetic.box(b"moov")
    assert list(mp4_box.boxes(Source(io.BytesIO(data), len(data)), 0, len(data))) == []


def test_only_edits_that_show_media_count() -> None:
    entries = struct.pack(">IIIiI", 0, 2, 1200, -1, 1 << 16) + struct.pack(">IiI", 300, 0, 1 << 16)
    edits = synthetic.box(b"edts", synthetic.box(b"elst", entries))
    # The movie's time scale is 600: two empty seconds, then half a second of media.
    assert sniff_bytes(synthetic.mp4(edits=edits)).duration_s == pytest.approx(0.5)


def test_an_ogg_position_is_believed_only_if_the_bytes_can_hold_it() -> None:
    data = (DATA / "opus-mono-20ms.ogg").read_bytes()
    at = data.rfind(b"OggS") + 6
    for frames, is_possible in ((300 * 48_000, True), (10**12, False)):
        facts = sniff_bytes(data[:at] + struct.pack("<q", frames + 312) + data[at + 8 :])
        assert facts.frames == (frames if is_possible else None)


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"<html>" + b" " * 600])
def test_audio_hidden_behind_something_else_is_refused(head: bytes) -> None:
    with pytest.raises(MalformedAudioError, match="looks like"):
        sniff_bytes(head + synthetic.mp3(frames=30))


@pytest.mark.parametrize("sample_rate", [0, 768_001, 0xFFFFFFFF])
def test_impossible_rates_are_refused(sample_rate: int) -> None:
    with pytest.raises(MalformedAudioError, match=str(sample_rate)):
        sniff_bytes(synthetic.wav(form=synthetic.fmt(sample_rate=sample_rate)))


@pytest.mark.parametrize(("channels", "is_known"), [(0, False), (1, True), (64, True), (65, False)])
def test_channels_have_bounds(channels: int, is_known: bool) -> None:
    data = synthetic.wav(form=synthetic.fmt(channels=channels, block_align=channels * 2))
    if is_known:
        assert sniff_bytes(data).format.channels == channels
    else:
        with pytest.raises(MalformedAudioError, match=f"{channels} channels"):
            sniff_bytes(data)


class CountingFile(io.BytesIO):
    """A file that counts what is read from it."""

    n_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.n_read += len(data)
        return data


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF\x00\x00\x00\x00WAVE" + b"junk\x00\x00\x00\x00" * 500_000,
        b"fLaC"
        + synthetic.flac()[4:42].replace(b"\x80", b"\x00", 1)
        + b"\x04\x00\x00\x00" * 900_000,
        synthetic.box(b"ftyp", b"M4A ") + synthetic.box(b"free") * 500_000,
        b"OggS\x00\x02" + bytes(21) + b"OggS\x00\x00" * 300_000,
        b"\x1aE\xdf\xa3\x88\x42\x82\x85webm\x00\x18S\x80g\x01"
        + b"\xff" * 7
        + b"\xec\x80" * 900_000,
        b"\xff\xfb\x90\x64" * 800_000,
        (b"\xff\xfb\x90\x64" + bytes(413)) * 9 + b"\xff" * 3_000_000,
        b"FORM\x00\x00\x00\x00AIFF" + b"ANNO\x00\x00\x00\x00" * 400_000,
        b"caff\x00\x01\x00\x00"
        + b"free"
        + bytes(8)
        + b"free\x00\x00\x00\x00\x00\x00\x00\x00" * 300_000,
        b"ID3\x03\x00\x00\x00\x00\x00\x00" * 400_000,
        b"APETAGEX" + bytes(24) + bytes(3_000_000),
    ],
)
def test_reading_and_memory_are_bounded_however_many_parts_there_are(data: bytes) -> None:
    file = CountingFile(data)
    tracemalloc.start()
    try:
        sniff(file, len(data))
    except MalformedAudioError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert file.n_read <= 2 << 20
    assert peak <= 2 << 20


SEEDS = synthetic.seeds()
NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2_000_000_036)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A seed with fields overwritten, bytes moved, or an end missing; or two of them joined."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        # Most fields that matter stand in the first kilobyte.
        at = draw(st.integers(0, min(len(data) - 1, draw(st.sampled_from([63, 1023, 1 << 20])))))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            data[at] = draw(st.integers(0, 255))
        elif kind == 1:
            layout = draw(st.sampled_from(["<I", ">I", "<H", ">H", ">Q", "<Q"]))
            limit = (1 << 8 * struct.calcsize(layout)) - 1
            value = min(draw(st.sampled_from(NUMBERS)), limit)
            field = struct.pack(layout, value)
            data[at : at + len(field)] = field
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at : at + draw(st.integers(1, 64))]
        elif kind == 4:
            data[at:at] = draw(st.binary(max_size=32))
        else:
            data += draw(st.sampled_from(SEEDS))[: draw(st.integers(0, 2000))]
    return bytes(data)


def check_total(data: bytes) -> None:
    file = CountingFile(data)
    try:
        facts = sniff(file, len(data))
    except MalformedAudioError:
        return
    assert file.n_read <= 2 << 20
    assert facts.n_bytes == len(data)
    assert 1 <= (facts.format.channels or 0) <= 64
    assert 1 <= (facts.format.sample_rate or 0) <= 768_000
    assert facts.frames is None or 0 <= facts.frames <= len(data) << 16
    if facts.duration_s is not None:
        assert math.isfinite(facts.duration_s)
        assert facts.duration_s >= 0
    if facts.data_offset is not None and facts.data_bytes:
        assert 0 <= facts.data_offset <= facts.data_offset + facts.data_bytes <= len(data)


@settings(max_examples=tried(600), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_damaged_files_give_facts_or_a_typed_error(data: bytes) -> None:
    check_total(data)


@settings(max_examples=tried(300), deadline=None)
@given(st.binary(max_size=300), st.sampled_from([seed[:64] for seed in SEEDS]), st.integers(0, 64))
def test_any_bytes_give_facts_or_a_typed_error(data: bytes, head: bytes, keep: int) -> None:
    check_total(head[:keep] + data)


@pytest.mark.parametrize("index", range(len(SEEDS)))
def test_every_truncation_gives_facts_or_a_typed_error(index: int) -> None:
    seed = SEEDS[index]
    for end in [*range(min(len(seed), 700)), *range(700, len(seed), 131)]:
        check_total(seed[:end])


@pytest.mark.parametrize("index", range(len(SEEDS)))
def test_every_byte_of_a_header_may_be_wrong(index: int) -> None:
    seed = SEEDS[index]
    for at in range(min(len(seed), 160)):
        for value in (0, 1, 127, 128, 255):
            check_total(seed[:at] + bytes((value,)) + seed[at + 1 :])
