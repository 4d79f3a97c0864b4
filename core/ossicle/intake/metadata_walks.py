"""Walks over the tags of each container, without the library that would read them.

Source: RFC 9639 section 8.6 and Vorbis I section 5 (comments); RFC 9559 sections 5.1.7 and 5.1.8;
Apple "QuickTime File Format", user data, and "Apple Core Audio Format", information chunk;
Microsoft "Advanced Systems Format" sections 3.10, 3.4, 4.7 and 4.8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ossicle.audio.containers import matroska, mp4_box, ogg
from ossicle.audio.containers.source import Source
from ossicle.errors import MalformedAudioError

if TYPE_CHECKING:
    from ossicle.intake.metadata import Tally

_VORBIS_COMMENT = 4
_SEGMENT, _TAGS, _CHAPTERS = 0x18538067, 0x1254C367, 0x1043A770
# Tag and SimpleTag; EditionEntry, ChapterAtom and ChapterDisplay.
_MATROSKA_PARENTS = (0x7373, 0x67C8, 0x45B9, 0xB6, 0x80)
_MP4_PARENTS = (b"trak", b"mdia", b"minf", b"stbl", b"udta", b"meta", b"ilst")
_ASF_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
# Extended content description, metadata, metadata library.
_ASF_LISTS = tuple(
    bytes.fromhex(guid)
    for guid in (
        "40a4d0d207e3d21197f000a0c95ea850",
        "eacbf8c5af5b77488467aa8c44fa4cca",
        "941c23449894d149a1411d134e457054",
    )
)
_MAX_DEPTH = 6
_MAX_PAGES = 3000


def _flac(source: Source, tally: Tally) -> None:
    offset = source.start + 4
    while len(header := source.at(offset, 4)) == 4:
        size = int.from_bytes(header[1:], "big")
        tally.add(entries=1, n_bytes=0)
        if header[0] & 127 == _VORBIS_COMMENT:
            tally.add(entries=_comment_count(source.at(offset + 4, 4096), size), n_bytes=size)
        if header[0] & 128:
            return
        offset += 4 + size


def _comment_count(start: bytes, size: int) -> int:
    """Comments in a Vorbis comment of so many bytes; each has at least four for its length."""
    vendor = int.from_bytes(start[:4], "little")
    claimed = int.from_bytes(start[4 + vendor : 8 + vendor], "little")
    if len(start) < 8 + vendor:
        # The count stands behind a vendor string too long to follow: believe the worst.
        claimed = size
    return min(claimed, max(size - 8, 0) // 4)


def _ogg(source: Source, tally: Tally) -> None:
    """The second packet of each stream of each link, on the pages behind its first one."""
    awaited: dict[int, bytes | None] = {}
    sizes: dict[int, int] = {}
    page = ogg.read_page(source, source.start)
    for _ in range(_MAX_PAGES):
        if page is None:
            return
        if page.flags & 2:
            tally.add(entries=1, n_bytes=0)
            awaited[page.serial], sizes[page.serial] = None, 0
        elif page.serial in awaited:
            start = awaited[page.serial]
            if start is None:
                start = source.at(page.body, min(page.size, 4096))
                awaited[page.serial] = start
            tally.add(entries=0, n_bytes=page.size)
            sizes[page.serial] += page.size
            if page.packets:
                _ogg_comments(start, sizes[page.serial], tally)
                del awaited[page.serial]
        page = ogg.read_page(source, page.end)


def _ogg_comments(start: bytes, size: int, tally: Tally) -> None:
    for magic in (b"OpusTags", b"\x03vorbis"):
        if start.startswith(magic):
            tally.add(entries=_comment_count(start[len(magic) :], size), n_bytes=0)
    if start[:1] and start[0] & 127 == _VORBIS_COMMENT:
        tally.add(entries=_comment_count(start[4:], size), n_bytes=0)


def _mp4(source: Source, tally: Tally) -> None:
    for box in mp4_box.boxes(source, source.start, source.n_bytes):
        if box.kind in (b"moov", b"meta"):
            _mp4_level(source, tally, box, depth=0, is_tag=box.kind == b"meta")


def _mp4_level(
    source: Source, tally: Tally, parent: mp4_box.Box, *, depth: int, is_tag: bool
) -> None:
    """Every box counts; those below `udta` and `meta` also by size, but for pictures."""
    start = parent.body
    if parent.kind == b"meta" and source.at(parent.body + 4, 4) != b"hdlr":
        start += 4  # QuickTime's has no version field before its first box
    for box in mp4_box.boxes(source, start, min(parent.end, source.n_bytes)):
        tally.add(entries=1, n_bytes=0)
        is_tag_box = is_tag or box.kind in (b"udta", b"meta")
        if depth < _MAX_DEPTH and box.kind in _MP4_PARENTS:
            _mp4_level(source, tally, box, depth=depth + 1, is_tag=is_tag_box)
        elif is_tag and box.kind != b"covr":
            tally.add(entries=0, n_bytes=min(box.end, source.n_bytes) - box.body)
        elif box.kind == b"stsz":
            _check_table(source, box)


def _check_table(source: Source, box: mp4_box.Box) -> None:
    size, count = source.fields(">4xII", box.body)
    if size == 0 and 12 + 4 * count > box.end - box.body:
        raise MalformedAudioError(
            f"the MP4 claims {count} packets in a table of {box.end - box.body} bytes",
            format="mp4",
            fix="Get the file again; its header is damaged.",
        )


def _matroska(source: Source, tally: Tally) -> None:
    top = matroska.elements(source, source.start, source.n_bytes)
    segment = next((element for element in top if element.id == _SEGMENT), None)
    if segment is None:
        return
    for element in matroska.elements(source, segment.body, _end(source, segment)):
        if element.id in (_TAGS, _CHAPTERS):
            tally.add(entries=1, n_bytes=_end(source, element) - element.body)
            _matroska_level(source, tally, element, depth=0)


def _matroska_level(source: Source, tally: Tally, parent: matroska.Element, *, depth: int) -> None:
    for element in matroska.elements(source, parent.body, _end(source, parent)):
        tally.add(entries=1, n_bytes=0)
        if element.id in _MATROSKA_PARENTS and depth < _MAX_DEPTH:
            _matroska_level(source, tally, element, depth=depth + 1)


def _end(source: Source, element: matroska.Element) -> int:
    return source.n_bytes if element.end is None else min(element.end, source.n_bytes)


def _asf(source: Source, tally: Tally) -> None:
    size, count = source.fields("<QI", source.start + 16)
    tally.add(entries=count, n_bytes=min(size, source.n_bytes))
    _asf_level(source, tally, source.start + 30, source.start + size, depth=0)


def _asf_level(source: Source, tally: Tally, offset: int, end: int, *, depth: int) -> None:
    end = min(end, source.n_bytes)
    while offset + 24 <= end and len(head := source.at(offset, 24)) == 24:
        kind, size = head[:16], int.from_bytes(head[16:], "little")
        tally.add(entries=1, n_bytes=0)
        if size < 24:
            return
        if kind in _ASF_LISTS:
            count = int.from_bytes(source.at(offset + 24, 2), "little")
            tally.add(entries=count, n_bytes=0)
        elif kind == _ASF_EXTENSION and depth < _MAX_DEPTH:
            _asf_level(source, tally, offset + 46, offset + size, depth=depth + 1)
        offset += size


def _caf(source: Source, tally: Tally) -> None:
    offset = source.start + 8
    while len(header := source.at(offset, 12)) == 12:
        size = int.from_bytes(header[4:], "big", signed=True)
        if size < 0:
            return
        if header[:4] == b"info":
            count = int.from_bytes(source.at(offset + 12, 4), "big")
            tally.add(entries=min(count, size // 2), n_bytes=size)
        tally.add(entries=1, n_bytes=0)
        offset += 12 + size


WALKS: dict[str, Callable[[Source, Tally], None]] = {
    "flac": _flac, "ogg": _ogg, "mp4": _mp4, "matroska": _matroska, "asf": _asf, "caf": _caf,
}  # fmt: skip
"""By container."""
