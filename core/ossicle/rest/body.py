"""Request bodies with audio in them, sent piece by piece so that none ever exists as a whole."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from anyio import to_thread

from ossicle.audio import AudioClip

_READ_BYTES = 3 << 16
"""Bytes of audio that are read at a time: a multiple of three, so that only the end of base64 is
padded."""

_PIECE_BYTES = 1 << 16
"""Longest piece. asyncio takes one of any size into its buffer and tells of a lost connection only
with the next one; so the fewer bytes a piece has, the more is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipData:
    """A clip that stands in a body.

    Attributes:
        clip: The audio.
        is_base64: Whether it stands there as base64.
        prefix: Text before it, such as `data:audio/wav;base64,`; plain ASCII.

    Example:
        payload = {"input_audio": {"data": ClipData(clip=clip), "format": "wav"}}
    """

    clip: AudioClip
    is_base64: bool = True
    prefix: str = ""

    @property
    def n_bytes(self) -> int:
        """Size of what is sent, prefix included."""
        size = (self.clip.n_bytes + 2) // 3 * 4 if self.is_base64 else self.clip.n_bytes
        return len(self.prefix) + size


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request carries; it can be read several times.

    Attributes:
        media_type: For the `Content-Type`.
        parts: Plain bytes and clips, in order.

    Example:
        >>> Body(media_type="text/plain", parts=(b"hello",)).n_bytes
        5
    """

    media_type: str
    parts: tuple[bytes | ClipData, ...]

    @property
    def n_bytes(self) -> int:
        """Size of the whole."""
        return sum(part.n_bytes if isinstance(part, ClipData) else len(part) for part in self.parts)

    def reader(self) -> BodyReader:
        """What reads it once, from the start."""
        return BodyReader(self.parts)


class BodyReader:
    """Reads a body piece by piece.

    A class and no generator: whoever sends the body closes it, at once and without waiting,
    however the sending ends. A generator that is left in the middle stays with the garbage
    collector, which trio rightly reports.

    Args:
        parts: Plain bytes and clips.

    Example:
        reader = body.reader()
        while piece := await reader.next():
            ...
    """

    def __init__(self, parts: Iterable[bytes | ClipData]) -> None:
        self._parts: Iterator[bytes | ClipData] = iter(parts)
        self._rest = memoryview(b"")
        self._data: ClipData | None = None
        self._file: BinaryIO | None = None

    async def next(self) -> bytes:
        """The next piece; empty at the end."""
        while True:
            if self._rest:
                head, self._rest = self._rest[:_PIECE_BYTES], self._rest[_PIECE_BYTES:]
                return bytes(head)
            if self._file is not None and self._data is not None:
                data = await _read(self._file, in_memory=self._data.clip.path is None)
                if data:
                    self._rest = memoryview(_encoded(data) if self._data.is_base64 else data)
                    continue
                self._close_file()
            part = next(self._parts, None)
            if part is None:
                return b""
            if isinstance(part, bytes):
                self._rest = memoryview(part)
            else:
                self._data, self._file = part, part.clip.open()
                self._rest = memoryview(part.prefix.encode("ascii"))

    def close(self) -> None:
        """Close the file that is being read, and end; closing twice is harmless."""
        self._close_file()
        self._parts, self._rest = iter(()), memoryview(b"")

    def _close_file(self) -> None:
        file, self._file, self._data = self._file, None, None
        if file is not None:
            file.close()


async def _read(file: BinaryIO, *, in_memory: bool) -> bytes:
    if in_memory:
        return file.read(_READ_BYTES)
    return await to_thread.run_sync(file.read, _READ_BYTES)


def _encoded(data: bytes) -> bytes:
    try:
        import pybase64
    except ImportError:
        return base64.b64encode(data)
    encoded: bytes = pybase64.b64encode(data)
    return encoded


def json_body(payload: Mapping[str, Any]) -> Body:
    """JSON in which each `ClipData` is written as base64 while it is sent.

    Args:
        payload: JSON data with `ClipData` values in it.

    Raises:
        TypeError: A value is neither JSON data nor a `ClipData`.

    Example:
        body = json_body({"model": request.model, "audio": ClipData(clip=clip)})
    """
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
    texts = [sendable(piece) for piece in text.split(mark)]
    parts: list[bytes | ClipData] = [texts[0]]
    for clip, piece in zip(clips, texts[1:], strict=True):
        parts += [clip, piece]
    return Body(media_type="application/json", parts=tuple(parts))


def audio_body(clip: AudioClip) -> Body:
    """The audio alone, as its media type says.

    Args:
        clip: What is sent.

    Example:
        outgoing = Outgoing(path="/listen", accept="application/json", body=audio_body(clip))
    """
    part = ClipData(clip=clip, is_base64=False)
    return Body(media_type=clip.format.media_type, parts=(part,))


def form_body(
    fields: Sequence[tuple[str, str]], *, name: str, clip: AudioClip, filename: str | None = None
) -> Body:
    """A form (RFC 7578) with texts and one file.

    Args:
        fields: Names and texts; a name may stand several times.
        name: Of the file's field.
        clip: The file.
        filename: `None` calls it after its format alone.

    Example:
        body = form_body([("model", request.model)], name="file", clip=clip)
    """
    boundary = secrets.token_hex(16)
    head = bytearray()
    for field, text in fields:
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'.encode()
        head += sendable(text) + b"\r\n"
    filename = filename or f"audio.{clip.format.extension}"
    head += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"'
        f"\r\nContent-Type: {clip.format.media_type}\r\n\r\n"
    ).encode()
    return Body(
        media_type=f"multipart/form-data; boundary={boundary}",
        parts=(
            bytes(head),
            ClipData(clip=clip, is_base64=False),
            f"\r\n--{boundary}--\r\n".encode(),
        ),
    )


def sendable(text: str) -> bytes:
    """UTF-8; lone surrogates, which cannot be sent, become what UTF-8 has for the unreadable."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
