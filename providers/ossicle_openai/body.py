"""Request bodies with audio in them, sent piece by piece so that base64 never exists as a whole."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import anyio.to_thread

from ossicle.audio import AudioClip

if TYPE_CHECKING:
    from typing import Self

_PIECE_BYTES = 3 << 16
"""Bytes that are encoded at a time: a multiple of three, so that only the end is padded."""


@dataclass(frozen=True, slots=True)
class ClipText:
    """A clip that stands in a JSON body as base64.

    Attributes:
        clip: The audio.
        prefix: Text before the base64, such as `data:audio/wav;base64,`; plain ASCII.
    """

    clip: AudioClip
    prefix: str = ""

    @property
    def n_bytes(self) -> int:
        """Size of the base64, prefix included."""
        return len(self.prefix) + (self.clip.n_bytes + 2) // 3 * 4


class JsonBody:
    """A JSON body in which each `ClipText` is written as base64 while it is sent.

    Iterating gives the bytes; it can be done again.

    Args:
        payload: JSON data with `ClipText` values in it.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        # The mark cannot be guessed, so no text of the caller's can pass for a clip.
        mark = secrets.token_hex(16)
        clips: list[ClipText] = []

        def stand_in(value: object) -> str:
            if not isinstance(value, ClipText):
                raise TypeError(f"a {type(value).__name__} is no JSON data")
            clips.append(value)
            return mark

        text = json.dumps(
            payload, default=stand_in, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        # Lone surrogates cannot be sent; they become what UTF-8 has for the unreadable.
        self._texts = [
            piece.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
            for piece in text.split(mark)
        ]
        self._clips = clips
        self.n_bytes = sum(map(len, self._texts)) + sum(clip.n_bytes for clip in clips)

    def pieces(self) -> Iterator[bytes | ClipText]:
        """Plain bytes and clips in order."""
        yield self._texts[0]
        for clip, text in zip(self._clips, self._texts[1:], strict=True):
            yield clip
            yield text

    def to_bytes(self) -> bytes:
        """The whole body, for tests and small bodies."""
        found: list[bytes] = []
        for piece in self.pieces():
            if isinstance(piece, bytes):
                found.append(piece)
            else:
                found += [piece.prefix.encode("ascii"), _encode(piece.clip.read_bytes())]
        return b"".join(found)

    def __aiter__(self) -> BodyPieces:
        """The body in pieces of at most a few hundred kilobytes."""
        return BodyPieces(self.pieces())


class BodyPieces:
    """Where the sending of a body stands: an iterator of its bytes.

    No generator: whoever sends it closes it, at once and without waiting, however the sending
    ends. A generator that is left in the middle stays with the garbage collector.

    Args:
        pieces: Plain bytes and clips in order.
    """

    def __init__(self, pieces: Iterator[bytes | ClipText]) -> None:
        self._pieces = pieces
        self._file: BinaryIO | None = None
        self._in_memory = True

    def __aiter__(self) -> Self:
        """Return the iterator itself."""
        return self

    async def __anext__(self) -> bytes:
        """The next bytes; never none."""
        while True:
            if self._file is not None:
                if data := await _read(self._file, in_memory=self._in_memory):
                    return _encode(data)
                self._close_file()
            piece = next(self._pieces, None)
            if piece is None:
                raise StopAsyncIteration
            if isinstance(piece, bytes):
                return piece
            self._file, self._in_memory = piece.clip.open(), piece.clip.path is None
            if piece.prefix:
                return piece.prefix.encode("ascii")

    def close(self) -> None:
        """Close the file that is being read, and end; closing twice is harmless."""
        self._close_file()
        self._pieces = iter(())

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


async def _read(file: BinaryIO, *, in_memory: bool) -> bytes:
    if in_memory:
        return file.read(_PIECE_BYTES)
    return await anyio.to_thread.run_sync(file.read, _PIECE_BYTES)


def _encode(data: bytes) -> bytes:
    try:
        import pybase64
    except ImportError:
        return base64.b64encode(data)
    encoded: bytes = pybase64.b64encode(data)
    return encoded
