"""Bounded random access to a file that is being sniffed."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from ossicle.errors import MalformedAudioError

READ_LIMIT = 1 << 16
"""Most bytes of one read; no header field can make it larger."""

WALK_READS = 8192
"""Most reads of one walk over chunks, boxes, pages or blocks."""

WALK_BYTES = 2 << 20
"""Most bytes that sniffing one file reads in all."""


class Source:
    """The bytes of one file from `start` on, read in small pieces and not too many of them.

    Args:
        file: Seekable and binary.
        n_bytes: Its size; reading ends there even if the file is longer.
        start: Where the container begins; offsets below are counted from the file's first byte.
    """

    __slots__ = ("_bytes_left", "_file", "_reads_left", "n_bytes", "start")

    def __init__(self, file: BinaryIO, n_bytes: int, *, start: int = 0) -> None:
        self._file = file
        self._reads_left = WALK_READS
        self._bytes_left = WALK_BYTES
        self.n_bytes = max(n_bytes, 0)
        self.start = start

    def at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`; fewer where the file ends, none outside of it.

        Raises:
            MalformedAudioError: The file makes us read too often.
        """
        size = min(size, READ_LIMIT, self.n_bytes - offset)
        if offset < 0 or size <= 0:
            return b""
        self._reads_left -= 1
        self._bytes_left -= size
        if self._reads_left < 0 or self._bytes_left < 0:
            raise MalformedAudioError(
                "the header has more parts than any real file",
                fix="Remux the file without its metadata.",
            )
        self._file.seek(offset)
        return self._file.read(size)

    def exactly(self, offset: int, size: int) -> bytes:
        """`size` bytes at `offset`.

        Raises:
            MalformedAudioError: The file ends before.
        """
        data = self.at(offset, size)
        if len(data) < size:
            raise MalformedAudioError(
                f"the header is cut off at byte {max(offset, 0) + len(data)}",
                fix="Get the file again; it was not transferred whole.",
            )
        return data

    def fields(self, layout: str, offset: int) -> tuple[Any, ...]:
        """Fields at `offset`, unpacked as `struct` describes them.

        Raises:
            MalformedAudioError: The file ends before.
        """
        return struct.unpack(layout, self.exactly(offset, struct.calcsize(layout)))
