"""Tags are counted before a native library has to read them."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from tests.core.audio import synthetic
from tests.core.audio.synthetic import DATA, box

from ossicle.audio import AudioClip
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle.intake import TRUSTED, check_metadata
from ossicle.intake.metadata import _TAGGED
from ossicle.intake.metadata_walks import WALKS


def comments(count: int, size: int = 8) -> bytes:
    entry = struct.pack("<I", size) + b"A=".ljust(size, b"x")
    return struct.pack("<I4sI", 4, b"test", count) + entry * count


def flac(count: int, size: int = 8) -> bytes:
    body = comments(count, size)
    plain = synthetic.flac()
    info = b"\x00" + plain[5:42]
    return b"fLaC" + info + b"\x84" + len(body).to_bytes(3, "big") + body + plain[42:]


def flac_with_picture(count: int, size: int = 8) -> bytes:
    """Pictures may be large; only comments count."""
    data = flac(count, size)
    picture = b"\x06" + (3 << 20).to_bytes(3, "big") + bytes(3 << 20)
    return data[:42] + picture + data[42:]


def ogg_page(serial: int, number: int, flags: int, granule: int, lacing: bytes) -> bytes:
    return (
        struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
        + lacing
    )


def ogg_link(serial: int, packet: bytes) -> bytes:
    """An Opus link whose comment packet takes as many pages as it needs."""
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 312, 48_000, 0, 0)
    pages = [ogg_page(serial, 0, 2, 0, bytes([len(head)])) + head]
    step = 255 * 255
    for start in range(0, len(packet), step):
        piece = packet[start : start + step]
        is_last = start + step >= len(packet)
        lacing = b"\xff" * (len(piece) // 255)
        if is_last:
            lacing += bytes([len(piece) % 255])
        granule = 0 if is_last else -1
        pages.append(ogg_page(serial, 1, 0, granule, lacing[:255]) + piece)
    pages.append(ogg_page(serial, 2, 4, 960, b"\x03") + b"\xf8\xff\xfe")
    return b"".join(pages)


def ogg(count: int, size: int = 8) -> bytes:
    return ogg_link(1, b"OpusTags" + comments(count, size))


def chained_ogg(count: int, size: int = 8) -> bytes:
    """Hidden in the middle link of a chain that ends as it begins."""
    plain = b"OpusTags" + comments(0)
    return (
        ogg_link(1, plain) + ogg_link(2, b"OpusTags" + comments(count, size)) + ogg_link(1, plain)
    )


def mp4(count: int, size: int = 8) -> bytes:
    entries = box(b"\xa9nam", box(b"data", bytes(size))) * count
    picture = box(b"covr", box(b"data", bytes(2 << 20)))
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(25)), box(b"ilst", picture, entries))
    plain = synthetic.mp4()
    # The movie box is the last one: it grows by what is put behind it.
    at = plain.rfind(b"moov") - 4
    movie = plain[at + 8 :] + box(b"udta", meta)
    return plain[:at] + box(b"moov", movie)


def element(name: str, body: bytes) -> bytes:
    return bytes.fromhex(name) + (len(body) | 1 << 56).to_bytes(8, "big") + body


def matroska(count: int, size: int = 8) -> bytes:
    simple = element("67c8", element("45a3", b"NAME") + element("4487", b"x" * size))
    tags = element("1254c367", element("7373", simple * count))
    audio = element("e1", element("b5", struct.pack(">d", 48_000.0)) + element("9f", b"\x01"))
    entry = element("ae", element("83", b"\x02") + element("86", b"A_OPUS") + audio)
    head = element("1a45dfa3", element("4282", b"webm"))
    return head + element("18538067", element("1654ae6b", entry) + tags)


def asf(count: int, size: int = 8) -> bytes:
    plain = (DATA / "wma.wma").read_bytes()
    entry = struct.pack("<H2sHH", 2, b"a\x00", 0, size) + bytes(size)
    body = struct.pack("<H", min(count, 65535)) + entry * count
    guid = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
    extra = guid + struct.pack("<Q", 24 + len(body)) + body
    header_size, objects = struct.unpack_from("<QI", plain, 16)
    head = plain[:16] + struct.pack("<QI", header_size + len(extra), objects + 1) + plain[28:30]
    return head + extra + plain[30:]


def caf(count: int, size: int = 8) -> bytes:
    plain = synthetic.caf()
    body = struct.pack(">I", count) + (b"k\x00" + b"v" * (size - 1) + b"\x00") * count
    return plain[:8] + plain[8:52] + struct.pack(">4sq", b"info", len(body)) + body + plain[52:]


MAKERS = [flac, flac_with_picture, ogg, chained_ogg, mp4, matroska, asf, caf]


@pytest.mark.parametrize("make", MAKERS)
def test_many_tags_are_refused(make: Callable[..., bytes]) -> None:
    check_metadata(AudioClip.from_bytes(make(200)))
    for count in (1500, 60_000):
        with pytest.raises(AudioLimitError) as caught:
            check_metadata(AudioClip.from_bytes(make(count)))
        assert caught.value.limit.startswith("metadata_")


@pytest.mark.parametrize("make", MAKERS)
def test_large_tags_are_refused(make: Callable[..., bytes]) -> None:
    size = 60_000
    check_metadata(AudioClip.from_bytes(make(2, size)))
    with pytest.raises(AudioLimitError, match="bytes of tags"):
        check_metadata(AudioClip.from_bytes(make(40, size)))
    check_metadata(AudioClip.from_bytes(make(40, size)), TRUSTED)


def test_a_count_that_lies_is_bounded_by_the_bytes() -> None:
    data = flac(3).replace(
        struct.pack("<4sI", b"test", 3), struct.pack("<4sI", b"test", 0xFFFFFFFF)
    )
    check_metadata(AudioClip.from_bytes(data))


def test_a_vendor_string_cannot_hide_the_count() -> None:
    body = struct.pack("<I", 9000) + b"v" * 9000 + comments(20_000)[8:]
    plain = synthetic.flac()
    head = b"fLaC\x00" + plain[5:42] + b"\x84" + len(body).to_bytes(3, "big")
    with pytest.raises(AudioLimitError):
        check_metadata(AudioClip.from_bytes(head + body + plain[42:]))


def test_tags_behind_an_id3_tag_are_counted_too() -> None:
    with pytest.raises(AudioLimitError):
        check_metadata(AudioClip.from_bytes(synthetic.id3(50) + flac(5000)))


def test_a_packet_table_has_to_fit_into_its_box() -> None:
    table = box(b"stsz", struct.pack(">III", 0, 0, 1 << 30))
    plain = synthetic.mp4()
    at = plain.rfind(b"moov") - 4
    data = plain[:at] + box(
        b"moov", plain[at + 8 :], box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", table))))
    )
    with pytest.raises(MalformedAudioError, match="claims 1073741824 packets"):
        check_metadata(AudioClip.from_bytes(data))


def test_nested_boxes_do_not_nest_for_ever() -> None:
    nested = b""
    for _ in range(3000):
        nested = box(b"udta", nested)
    plain = synthetic.mp4()
    at = plain.rfind(b"moov") - 4
    check_metadata(AudioClip.from_bytes(plain[:at] + box(b"moov", plain[at + 8 :], nested)))


def test_real_files_pass() -> None:
    for data in synthetic.seeds():
        check_metadata(AudioClip.from_bytes(data))


def test_every_container_that_has_a_walk_is_walked() -> None:
    assert set(WALKS) == _TAGGED
