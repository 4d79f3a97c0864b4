"""Keeps libsndfile from ending an MP3 where it guesses the end to be.

Without a header frame it divides the size by that of the first frames and reads no further, so that
a stream of variable bit rate loses its end (seen with libsndfile 1.2.2: 81,220 of 89,856 frames).
"""

from __future__ import annotations

import io
from typing import BinaryIO

from ossicle.audio.file_views import ByteWindow

_STRETCH = 64
"""A frame at 320 kbit/s is 40 times as large as one at 8."""
_ID3V1_BYTES = 128
_HEAD_BYTES = 64


def has_header_frame(file: BinaryIO, start: int) -> bool:
    """Whether the first frame tells how many there are (Xing, Info or VBRI)."""
    file.seek(start)
    head = file.read(_HEAD_BYTES)
    return any(magic in head for magic in (b"Xing", b"Info", b"VBRI"))


class StretchedWindow(ByteWindow):
    """A window that seems longer than it is; the guess is then too high, and the end is the end."""

    __slots__ = ()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; the end seems to be far behind the true one."""
        if whence == io.SEEK_END:
            return super().seek(len(self) * _STRETCH + offset)
        return super().seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """As the window; where a last tag is looked for, there is none."""
        left = len(self) * _STRETCH - self.tell()
        if 0 < left <= _ID3V1_BYTES:
            return bytes(min(size, left))
        return super().read(size)
