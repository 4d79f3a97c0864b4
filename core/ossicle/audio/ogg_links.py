"""Where the links of a chained Ogg file start and end (RFC 3533, section 4)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

_PAGE_HEAD = 27
_FIRST_PAGE = 0x02
"""Header type flag of the first page of a logical stream (RFC 3533, section 6)."""
MAX_LINKS = 1024
"""More links than this are not looked for; each costs a decoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OggLink:
    """One link of a chain.

    Attributes:
        start: Offset of its first byte.
        end: Offset behind its last byte.
        channels: As its Opus or Vorbis header says; `None` for other codecs.
    """

    start: int
    end: int
    channels: int | None


def ogg_links(file: BinaryIO) -> list[OggLink]:
    """The links, found by hopping from page to page; a single one if not chained.

    A link starts where a first page follows a page that is not first: several first pages in a
    row belong to one multiplexed link. Bytes between pages are skipped.

    Args:
        file: A seekable Ogg file; it is left at an arbitrary position.
    """
    size = file.seek(0, io.SEEK_END)
    starts: list[int] = []
    position, in_head = 0, False
    while position + _PAGE_HEAD <= size and len(starts) < MAX_LINKS:
        file.seek(position)
        head = file.read(_PAGE_HEAD + 255)
        if head[:4] != b"OggS" or len(head) < _PAGE_HEAD:
            position = _next_page(file, position + 1)
            continue
        is_first = bool(head[5] & _FIRST_PAGE)
        if is_first and not in_head:
            starts.append(position)
        in_head = is_first
        segments = head[26]
        position += _PAGE_HEAD + segments + sum(head[_PAGE_HEAD : _PAGE_HEAD + segments])
    starts = starts or [0]
    return [
        OggLink(start=start, end=end, channels=_channels(file, start))
        for start, end in zip(starts, [*starts[1:], size], strict=True)
    ]


def _channels(file: BinaryIO, start: int) -> int | None:
    """The channel count of a link's first packet.

    Source: RFC 7845 section 5.1; Vorbis I specification, section 4.2.2.
    """
    file.seek(start)
    head = file.read(512)
    for magic, offset in ((b"OpusHead", 9), (b"\x01vorbis", 11)):
        found = head.find(magic)
        if found >= 0 and len(head) > found + offset:
            return head[found + offset] or None
    return None


def _next_page(file: BinaryIO, position: int) -> int:
    """Offset of the next capture pattern, or of the end of the file."""
    piece_size = 1 << 16
    while True:
        file.seek(position)
        piece = file.read(piece_size)
        found = piece.find(b"OggS")
        if found >= 0:
            return position + found
        if len(piece) < piece_size:
            return position + len(piece)
        position += piece_size - 3
