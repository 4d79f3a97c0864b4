"""The metadata gate: how many tags a native library would have to read, and how large they are.

Opening 20 000 Vorbis comments (235 KB) takes FFmpeg four seconds, growing with the square of their
number, and no timeout reaches it. A shallow walk counts first. Pictures are passed over by size.

Source: RFC 9639 section 8.6 and Vorbis I section 5 (comments); RFC 9559 sections 5.1.7 and 5.1.8;
Apple "QuickTime File Format", user data; "Apple Core Audio Format" section "Information chunk".
"""

from __future__ import annotations

from collections.abc import Callable

from ossicle.audio import AudioClip
from ossicle.audio.containers import matroska, mp4_box, ogg
from ossicle.audio.containers.source import Source
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle.intake.limits import DEFAULT, IntakeLimits

_VORBIS_COMMENT = 4
_TAGS, _TAG, _SIMPLE_TAG, _TAG_STRING = 0x1254C367, 0x7373, 0x67C8, 0x4487
_CHAPTERS, _SEGMENT = 0x1043A770, 0x18538067
_MAX_DEPTH = 6
_MAX_LINKS = 64


class _Tally:
    """Counts entries and bytes of one clip; the first too many raises."""

    def __init__(self, clip: AudioClip, limits: IntakeLimits) -> None:
        self._format = str(clip.format)
        self._limits = limits
        self._entries = self._bytes = 0

    def add(self, *, entries: int, n_bytes: int) -> None:
        self._entries += entries
        self._bytes += n_bytes
        self._check("metadata_entries", self._entries, self._limits.metadata_entries, "tags")
        self._check("metadata_bytes", self._bytes, self._limits.metadata_bytes, "bytes of tags")

    def _check(self, name: str, found: int, allowed: int, unit: str) -> None:
        if found > allowed:
            raise AudioLimitError(
                f"the {self._format} carries {found} {unit}; {allowed} are allowed",
                limit=name,
                measured=found,
                allowed=allowed,
                format=self._format,
                fix="Save it without its tags.",
            )


def check_metadata(clip: AudioClip, limits: IntakeLimits = DEFAULT) -> None:
    """Refuse a clip whose tags would keep a native library busy.

    Raises:
        AudioLimitError: It carries too many tags, or too large ones.
        MalformedAudioError: Its tables claim more than the file has.
    """
    walk = _WALKS.get(clip.format.container)
    if walk is None:
        return
    with clip.open() as file:
        walk(Source(file, clip.n_bytes), _Tally(clip, limits))


def _flac(source: Source, tally: _Tally) -> None:
    offset = 4
    while len(header := source.at(offset, 4)) == 4:
        size = int.from_bytes(header[1:], "big")
        if header[0] & 127 == _VORBIS_COMMENT:
            tally.add(entries=_comment_count(source.at(offset + 4, 4096), size), n_bytes=size)
        tally.add(entries=1, n_bytes=0)
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


def _ogg(source: Source, tally: _Tally) -> None:
    """The comment packet of each link's streams; it begins on the page behind the first."""
    offset = 0
    headers = 0
    page = ogg.read_page(source, offset)
    while page is not None and headers <= _MAX_LINKS:
        following = ogg.read_page(source, page.end)
        if page.flags & 2 and following is not None and not following.flags & 2:
            headers += 1
            _ogg_comments(source, following, tally)
        elif not page.flags & 2 and page.granule not in (0, None):
            # Audio: only the next link of a chain could hold more, and those are counted too
            # while the decoder's own time is.
            return
        page = following


def _ogg_comments(source: Source, page: ogg.Page, tally: _Tally) -> None:
    start = source.at(page.body, min(page.size, 4096))
    if start.startswith(b"OpusTags"):
        start = start[8:]
    elif start.startswith(b"\x03vorbis"):
        start = start[7:]
    elif start[:1] and start[0] & 127 == _VORBIS_COMMENT:
        start = start[4:]
    else:
        return
    size = 0
    current: ogg.Page | None = page
    while current is not None:
        size += current.size
        tally.add(entries=0, n_bytes=current.size)
        if current.packets:
            break
        current = ogg.read_page(source, current.end)
    tally.add(entries=_comment_count(start, size), n_bytes=0)


def _mp4(source: Source, tally: _Tally, start: int = 0, end: int | None = None) -> None:
    """Every box below `udta` and `meta`; tables have to fit into their own boxes."""
    _mp4_level(source, tally, start, source.n_bytes if end is None else end, depth=0, is_tag=False)


def _mp4_level(
    source: Source, tally: _Tally, start: int, end: int, *, depth: int, is_tag: bool
) -> None:
    for box in mp4_box.boxes(source, start, end):
        inner_end = min(box.end, end)
        if is_tag:
            is_picture = box.kind == b"covr"
            tally.add(entries=1, n_bytes=0 if is_picture else min(inner_end - box.body, 1 << 16))
        if depth >= _MAX_DEPTH:
            continue
        if box.kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"ilst"):
            _mp4_level(
                source,
                tally,
                box.body,
                inner_end,
                depth=depth + 1,
                is_tag=is_tag or box.kind in (b"udta", b"ilst"),
            )
        elif box.kind == b"meta":
            # QuickTime's has no version field before its first box.
            skip = 0 if source.at(box.body + 4, 4) == b"hdlr" else 4
            _mp4_level(source, tally, box.body + skip, inner_end, depth=depth + 1, is_tag=True)
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


def _matroska(source: Source, tally: _Tally) -> None:
    top = matroska.elements(source, 0, source.n_bytes)
    segment = next((element for element in top if element.id == _SEGMENT), None)
    if segment is None:
        return
    end = source.n_bytes if segment.end is None else min(segment.end, source.n_bytes)
    for element in matroska.elements(source, segment.body, end):
        if element.id in (_TAGS, _CHAPTERS) and element.end is not None:
            tally.add(entries=1, n_bytes=element.end - element.body)
            _matroska_level(source, tally, element.body, min(element.end, end), depth=0)


def _matroska_level(source: Source, tally: _Tally, start: int, end: int, *, depth: int) -> None:
    for element in matroska.elements(source, start, end):
        inner_end = end if element.end is None else min(element.end, end)
        if element.id in (_TAG, _SIMPLE_TAG, 0x45B9, 0xB6, 0x80) and depth < _MAX_DEPTH:
            tally.add(entries=1, n_bytes=0)
            _matroska_level(source, tally, element.body, inner_end, depth=depth + 1)


def _asf(source: Source, tally: _Tally) -> None:
    size, count = source.fields("<QI", 16)
    tally.add(entries=count, n_bytes=min(size, source.n_bytes))


def _caf(source: Source, tally: _Tally) -> None:
    offset = 8
    while len(header := source.at(offset, 12)) == 12:
        size = int.from_bytes(header[4:], "big", signed=True)
        if size < 0:
            return
        if header[:4] == b"info":
            count = int.from_bytes(source.at(offset + 12, 4), "big")
            tally.add(entries=min(count, size // 2), n_bytes=size)
        tally.add(entries=1, n_bytes=0)
        offset += 12 + size


_WALKS: dict[str, Callable[[Source, _Tally], None]] = {
    "flac": _flac, "ogg": _ogg, "mp4": _mp4, "matroska": _matroska, "asf": _asf, "caf": _caf,
}  # fmt: skip
