"""Where the links of a chained Ogg file are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ossicle.audio.ogg_links import MAX_LINKS, OggLink, ogg_links

DATA = Path(__file__).parents[2] / "data"


def page(flags: int, body: bytes) -> bytes:
    """A page of one packet; its sequence number and check sum play no part here."""
    lacing = bytes([255] * (len(body) // 255) + [len(body) % 255])
    return b"OggS\x00" + bytes([flags]) + bytes(20) + bytes([len(lacing)]) + lacing + body


def opus_head(channels: int) -> bytes:
    return b"OpusHead\x01" + bytes([channels]) + bytes(9)


def test_one_link_spans_the_file() -> None:
    data = page(2, opus_head(1)) + page(0, bytes(600)) + page(4, bytes(10))
    assert ogg_links(io.BytesIO(data)) == [OggLink(start=0, end=len(data), channels=1)]


def test_links_follow_each_other_with_their_own_channels() -> None:
    first = page(2, opus_head(1)) + page(4, bytes(300))
    second = page(2, b"\x01vorbis" + bytes(4) + b"\x06" + bytes(18)) + page(4, bytes(3))
    assert ogg_links(io.BytesIO(first + second)) == [
        OggLink(start=0, end=len(first), channels=1),
        OggLink(start=len(first), end=len(first + second), channels=6),
    ]


def test_first_pages_in_a_row_are_one_multiplexed_link() -> None:
    data = page(2, opus_head(2)) + page(2, b"\x80theora") + page(0, bytes(5))
    assert len(ogg_links(io.BytesIO(data))) == 1


def test_bytes_between_pages_are_skipped() -> None:
    junk = bytes(70_000) + b"Ogg"
    first = page(2, opus_head(1)) + page(4, bytes(9)) + junk
    found = ogg_links(io.BytesIO(first + page(2, opus_head(2)) + page(4, bytes(9))))
    assert [link.start for link in found] == [0, len(first)]


@pytest.mark.parametrize("data", [b"", b"OggS", bytes(100_000), b"OggS" + b"\xff" * 300])
def test_anything_has_at_least_one_link(data: bytes) -> None:
    assert len(ogg_links(io.BytesIO(data))) == 1


def test_a_chain_without_end_is_cut() -> None:
    data = (page(2, opus_head(1)) + page(4, b"")) * (MAX_LINKS + 50)
    assert len(ogg_links(io.BytesIO(data))) == MAX_LINKS


def test_a_real_chain() -> None:
    found = ogg_links(io.BytesIO((DATA / "ogg-chained-opus.ogg").read_bytes()))
    assert [link.channels for link in found] == [1, 2]
