"""Request bodies with audio in them, sent piece by piece so that base64 never exists as a whole."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import anyio.to_thread

from ossicle.audio import AudioClip

_PIECE_BYTES = 3 << 16
"""Bytes that are encoded at a time: a multiple of three, so that only the end is padded."""


@dataclass(frozen=True, slots=True)
class ClipData:
    """A clip that stands in a JSON body as base64.

    Attributes:
        clip: The audio.
    """

    clip: AudioClip

    @property
    def n_bytes(self) -> int:
        """Size of the base64."""
        return (self.clip.n_bytes + 2) // 3 * 4


class JsonBody:
    """A JSON body in which each `ClipData` is written as base64 while it is sent.

    Iterating gives the bytes; it can be done again.

    Args:
        payload: JSON data with `ClipData` values in it.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        # The mark cannot be guessed, so no text of the caller's can pass for a clip.
        mark = secrets.token_hex(16)
        clips: list[ClipData] = []

        def stand_in(value: object) -> str:
            if not isinstance(value, ClipData):
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

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in pieces of at most a few hundred kilobytes."""
        return _Pieces(self._pieces(), reads_files=any(one.clip.path for one in self._clips))

    def _pieces(self) -> Iterator[bytes]:
        yield self._texts[0]
        for data, text in zip(self._clips, self._texts[1:], strict=True):
            with data.clip.open() as file:
                while piece := file.read(_PIECE_BYTES):
                    yield base64.b64encode(piece)
            yield text


class _Pieces:
    """Pieces in time; no generator, because an upload that is cancelled leaves its iterator behind.

    Args:
        pieces: Where they come from.
        reads_files: Whether getting one may block.
    """

    def __init__(self, pieces: Iterator[bytes], *, reads_files: bool) -> None:
        self._pieces = pieces
        self._reads_files = reads_files

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._reads_files:
            piece = await anyio.to_thread.run_sync(next, self._pieces, None)
        else:
            piece = next(self._pieces, None)
        if piece is None:
            raise StopAsyncIteration
        return piece
