"""MP4 with its index before its samples, so that a player can begin while the rest comes.

FFmpeg's own `faststart` opens the file a second time by its name, and we give it none.

Source: ISO/IEC 14496-12 clauses 4.2 (boxes), 8.2 (`moov`), 8.7.5 (`stco` and `co64`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from ossicle.audio.file_views import SinkWindow

_COPY_BYTES = 1 << 20
_PARENTS = (b"trak", b"mdia", b"minf", b"stbl")


class _Box(NamedTuple):
    kind: bytes
    start: int
    size: int


def copy_index_first(file: BinaryIO, sink: SinkWindow) -> None:
    """Copy an MP4 file to a sink, its `moov` box directly behind `ftyp`.

    Args:
        file: Readable and seekable, as FFmpeg wrote it.
        sink: Keeps what the file system says of a failure.
    """
    boxes = list(_top_boxes(file))
    moov = next(box for box in boxes if box.kind == b"moov")
    file.seek(moov.start)
    index = bytearray(file.read(moov.size))
    _shift_offsets(index, 8, len(index), by=moov.size)
    for box in boxes:
        if box.kind == b"moov":
            continue
        file.seek(box.start)
        _copy(file, sink, box.size)
        if box.kind == b"ftyp":
            sink.write(index)


def _top_boxes(file: BinaryIO) -> Iterator[_Box]:
    start = file.seek(0)
    while len(header := file.read(16)) >= 8:
        size, kind = struct.unpack_from(">I4s", header)
        if size == 1:
            (size,) = struct.unpack_from(">Q", header, 8)
        yield _Box(kind, start, size)
        start = file.seek(start + size)


def _shift_offsets(index: bytearray, start: int, end: int, *, by: int) -> None:
    """Add to every chunk offset: what stood behind `ftyp` has moved by the size of the index."""
    while start < end:
        size, kind = struct.unpack_from(">I4s", index, start)
        if kind in _PARENTS:
            _shift_offsets(index, start + 8, start + size, by=by)
        elif kind in (b"stco", b"co64"):
            (count,) = struct.unpack_from(">I", index, start + 12)
            layout = f">{count}{'I' if kind == b'stco' else 'Q'}"
            offsets = struct.unpack_from(layout, index, start + 16)
            struct.pack_into(layout, index, start + 16, *(offset + by for offset in offsets))
        start += size


def _copy(file: BinaryIO, sink: SinkWindow, n_bytes: int) -> None:
    while n_bytes > 0 and (piece := file.read(min(n_bytes, _COPY_BYTES))):
        sink.write(piece)
        n_bytes -= len(piece)
