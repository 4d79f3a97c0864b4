"""Bounded random access to a file that is being sniffed."""

from __future__ import annotations

import re
import struct
from typing import Any, BinaryIO

from ossicle.errors import MalformedAudioError

READ_LIMIT = 1 << 16
"""Most bytes of one read; no header field can make it larger."""

WALK_READS = 8192
"""Most reads of one walk over chunks, boxes, pages or blocks."""

WALK_BYTES = 2 << 20
"""Most bytes that sniffing one file reads in all."""

SEARCH_BYTES = 64 << 20
"""Most bytes that are searched for a header in one file."""


class Source:
    """The bytes of one file from `start` on, read in small pieces and not too many of them.

    Args:
        file: Seekable and binary.
        n_bytes: Its size; reading ends there even if the file is longer.
        start: Where the container begins; offsets below are counted from the file's first byte.
        track: Which audio track is wanted, from 1; `None` for the first.

    Attributes:
        walked: Begin and end of the run of frames that was walked last; walking twice costs.
    """

    __slots__ = (
        "_bytes_left",
        "_file",
        "_reads_left",
        "_search_left",
        "n_bytes",
        "start",
        "track",
        "walked",
    )

    def __init__(
        self, file: BinaryIO, n_bytes: int, *, start: int = 0, track: int | None = None
    ) -> None:
        self._file = file
        self._reads_left = WALK_READS
        self._bytes_left = WALK_BYTES
        self._search_left = SEARCH_BYTES
        self.n_bytes = max(n_bytes, 0)
        self.start = start
        self.track = track
        self.walked: tuple[int, int] | None = None

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

    def find(self, pattern: re.Pattern[bytes], offset: int) -> int | None:
        """Where a pattern of at most 64 bytes is found from an offset on.

        `None` also where this file was searched for long enough.
        """
        piece_bytes = READ_LIMIT
        while offset < self.n_bytes and self._search_left > 0:
            self._file.seek(offset)
            data = self._file.read(min(piece_bytes, self.n_bytes - offset))
            found = pattern.search(data)
            self._search_left -= len(data) if found is None else found.end()
            if found is not None:
                return offset + found.start()
            if len(data) <= 64:
                return None
            offset += len(data) - 63 if offset + len(data) < self.n_bytes else len(data)
            piece_bytes = 1 << 20
        return None

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
