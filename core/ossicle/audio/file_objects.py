"""Reads a file object of any make to its end: short reads, coroutines, one that stands at its end.

What callers hand over is a raw pipe, a socket, an upload of a web framework or a wrapper of their
own; `read(n)` of these gives less than `n`, nothing yet, an awaitable, or all there is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ossicle.errors import AudioLimitError, ConfigurationError, FileAccessError

_PROBE_BYTES = 16
"""The first read asks for so few that a reader which ignores the size shows it."""
_PIECE_BYTES = 1 << 20

Wait = Callable[[Awaitable[Any]], Any]
"""Waits, in this thread, for what an asynchronous file object returned."""


def read_to_end(file: Any, *, max_bytes: int, wait: Wait | None = None) -> bytes:
    """All bytes from where the file object stands; from its start if it stands at its end.

    Args:
        file: Has `read`, with or without a size; its name is never looked at, it is left open.
        max_bytes: Refused beyond this many.
        wait: For objects whose methods are coroutines; `None` refuses them.

    Raises:
        AudioLimitError: It holds more than `max_bytes`.
        ConfigurationError: It gives no bytes: text, or awaitables that cannot be awaited here.
        FileAccessError: It is closed, has nothing yet (non-blocking), or raises anything itself.
    """
    reader = _Reader(file, wait)
    data = _drained(reader, max_bytes)
    if not data and reader.can_rewind():
        # Just written (`BytesIO`, an exported file), or read once before: nobody means the end.
        reader.rewind()
        data = _drained(reader, max_bytes)
    return data


def _drained(reader: _Reader, max_bytes: int) -> bytes:
    first = piece = reader.read(_PROBE_BYTES)
    pieces: list[bytes] = []
    n_bytes = 0
    while piece:
        pieces.append(piece)
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            raise AudioLimitError(
                f"the file object holds more than {max_bytes} bytes",
                limit="encoded_bytes",
                measured=None,
                allowed=max_bytes,
                fix="Give a path instead, or raise max_bytes.",
            )
        piece = reader.read(min(_PIECE_BYTES, max_bytes + 1 - n_bytes))
        if len(first) > _PROBE_BYTES and piece == first:
            # It ignores the size and begins again each time, as simple wrappers do.
            break
    return b"".join(pieces)


class _Reader:
    """The file object with its quirks taken away."""

    def __init__(self, file: Any, wait: Wait | None) -> None:
        self._file, self._wait = file, wait
        self._takes_size = True

    def read(self, size: int) -> bytes:
        if self._takes_size:
            try:
                return self._bytes(self._call(self._file.read, size))
            except FileAccessError as error:
                if not isinstance(error.__cause__, TypeError):
                    raise
                self._takes_size = False
        return self._bytes(self._call(self._file.read))

    def can_rewind(self) -> bool:
        """Whether it can be put to its start and does not stand there."""
        if not hasattr(self._file, "seek"):
            return False
        try:
            can_seek = self._call(getattr(self._file, "seekable", lambda: True))
            return bool(can_seek) and self._call(getattr(self._file, "tell", lambda: None)) != 0
        except FileAccessError:
            return False

    def rewind(self) -> None:
        self._call(self._file.seek, 0)

    def _call(self, method: Callable[..., Any], *arguments: int) -> Any:
        try:
            result = method(*arguments)
            if not isinstance(result, Awaitable):
                return result
            if self._wait is not None:
                return self._wait(result)
        except Exception as error:
            # The third rim beside plugins and the command: whatever a caller's object raises.
            words = str(error) if isinstance(error, OSError | ValueError) else type(error).__name__
            raise FileAccessError(
                f"cannot read the file object: {words}", fix="Give one that is open for reading."
            ) from error
        close = getattr(result, "close", None)
        if close is not None:
            close()  # a coroutine that is never awaited would say so
        raise ConfigurationError(
            "the file object is asynchronous: its read() returns an awaitable",
            fix="Use AsyncClient, give the file behind it (upload.file), or its bytes.",
        )

    @staticmethod
    def _bytes(piece: Any) -> bytes:
        if isinstance(piece, bytes | bytearray | memoryview):
            return bytes(piece)
        if piece is None:
            raise FileAccessError(
                "the file object has nothing to read yet: it does not block",
                fix="Make it blocking (os.set_blocking), or read it and give its bytes.",
            )
        kind = "text" if isinstance(piece, str) else f"a {type(piece).__name__}"
        raise ConfigurationError(f"the file object gives {kind}", fix="Open it in binary mode.")
