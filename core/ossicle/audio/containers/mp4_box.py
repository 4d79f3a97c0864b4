"""Boxes of the ISO base media file format, walked without trusting their sizes.

Source: ISO/IEC 14496-12 section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ossicle.audio.containers.source import Source

_MAX_BOXES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box.

    Attributes:
        kind: Its four letters.
        body: Where its content begins.
        end: Where it claims to end; may lie beyond the file.
    """

    kind: bytes
    body: int
    end: int


def boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets, in order; ends at the first that is no box."""
    offset = start
    for _ in range(_MAX_BOXES):
        if offset + 8 > end:
            return
        header = source.at(offset, 16)
        if len(header) < 8:
            return
        size = int.from_bytes(header[:4], "big")
        body = offset + 8
        if size == 1:
            if len(header) < 16:
                return
            size = int.from_bytes(header[8:16], "big")
            body = offset + 16
        elif size == 0:
            size = end - offset
        if offset + size < body:
            return
        yield Box(kind=header[4:8], body=body, end=offset + size)
        offset += size


def find(source: Source, start: int, end: int, *path: bytes) -> Box | None:
    """The first box with this path of names below the region, or `None`."""
    box: Box | None = None
    for kind in path:
        box = next((one for one in boxes(source, start, end) if one.kind == kind), None)
        if box is None:
            return None
        start, end = box.body, min(box.end, source.n_bytes)
    return box
