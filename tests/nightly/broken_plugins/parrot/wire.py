"""One HTTP request under any event loop, and the lines of its answer as they come."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

_MAX_LINE = 1 << 20
BROKEN = (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead, OSError)


class NoAnswerError(Exception):
    """The connection ended before the answer's head was there."""


class CutShortError(Exception):
    """The answer is not HTTP, or it ended before its end."""


class Exchange:
    """A request that was sent and the answer that is being read."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._reader = BufferedByteReceiveStream(stream)
        self._left = 0
        self._is_chunked = False
        self._held = bytearray()
        self._is_over = False
        self.status = 0
        self.headers: dict[str, str] = {}

    async def read_head(self) -> None:
        """Read the status and the headers."""
        try:
            status = await self._line()
            while line := await self._line():
                name, _, value = line.partition(":")
                self.headers[name.strip().lower()] = value.strip()
            self.status = int(status.split()[1])
        except (*BROKEN, ValueError, IndexError, anyio.DelimiterNotFound) as error:
            raise NoAnswerError from error
        self._is_chunked = self.headers.get("transfer-encoding") == "chunked"
        self._left = int(self.headers.get("content-length", "0"))

    async def next_line(self) -> bytes | None:
        """The next line of the body without its end; `None` after the last one."""
        while b"\n" not in self._held and not self._is_over:
            try:
                self._held += await self._next_piece()
            except (*BROKEN, ValueError, anyio.DelimiterNotFound) as error:
                raise CutShortError from error
        if not self._held:
            return None
        line, _, rest = self._held.partition(b"\n")
        self._held = bytearray(rest)
        return bytes(line)

    async def close(self) -> None:
        """End the connection, also from a cancelled task."""
        await anyio.aclose_forcefully(self._stream)

    async def _next_piece(self) -> bytes:
        if self._is_chunked and not self._left:
            self._left = int(await self._line(), 16)
            if not self._left:
                self._is_over = True
                return b""
        if not self._left:
            self._is_over = True
            return b""
        piece = await self._reader.receive(min(self._left, 65536))
        self._left -= len(piece)
        if self._is_chunked and not self._left:
            await self._line()
        return piece

    async def _line(self) -> str:
        line = await self._reader.receive_until(b"\r\n", _MAX_LINE)
        return line.decode("ascii")


async def open_exchange(url: str, *, headers: Mapping[str, str], body: bytes) -> Exchange:
    """Connect, send and read the head of the answer.

    Raises:
        OSError: There is no connection.
        NoAnswerError: It ended before the answer began.
    """
    parts = urlsplit(url)
    stream = await anyio.connect_tcp(parts.hostname or "", parts.port or 80)
    exchange = Exchange(stream)
    lines = [f"POST {parts.path} HTTP/1.1", f"host: {parts.netloc}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
    try:
        try:
            await stream.send(head.encode("latin-1") + body)
        except BROKEN as error:
            raise NoAnswerError from error
        await exchange.read_head()
    except BaseException:
        await exchange.close()
        raise
    return exchange
