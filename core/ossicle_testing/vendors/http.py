"""Just enough HTTP/1.1 for a fake vendor: requests, responses and how to read one from a socket."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ossicle_testing.vendors.ledger import Bill

MAX_HEAD_BYTES = 64 * 1024
JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"

REASONS: Mapping[int, str] = MappingProxyType({
    100: "Continue", 200: "OK", 307: "Temporary Redirect", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict",
    413: "Payload Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Entity",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 529: "Site Overloaded",
})  # fmt: skip


class HttpSyntaxError(ValueError):
    """The client did not send HTTP that this server understands; it never leaves the server."""

    def __init__(self, what: str, *, status: int = 400) -> None:
        super().__init__(what)
        self.status = status


class ClientGoneError(OSError):
    """The client closed the connection in the middle of a request; it never leaves the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A wait inside a response body or a script.

    Attributes:
        seconds: How long; `None` waits until the client leaves or the server stops.
    """

    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came over the wire.

    Attributes:
        method: Upper-case method.
        path: Path without the query.
        query: What followed `?`, undecoded.
        headers: Names in lower case, in order, as sent.
        body: The whole body; empty while only the head was read.
        params: Parts of the path that the route's template names.
        index: The request's index in the ledger.
        received_at: Unix seconds by the server's clock.
        nonce: What the client put in the nonce header, or `None`.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    index: int = 0
    received_at: float = 0.0
    nonce: str | None = None

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case, or `None`."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: It is not JSON in UTF-8.
        """
        return json.loads(self.body.decode("utf-8"))

    @property
    def digest(self) -> str:
        """SHA-256 over method, path and body, as hex."""
        seen = hashlib.sha256(f"{self.method} {self.path}\n".encode())
        seen.update(self.body)
        return seen.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, and what it means for the ledger.

    Attributes:
        status: HTTP status.
        headers: In order; length and transfer headers are added by the server.
        body: Bytes are sent with a length. An iterable is sent as HTTP chunks, one per item (for
            an event stream: one whole event per item); a `Pause` among them waits.
        executed: Whether the model ran for it.
        bill: What the vendor would charge for it.
        bill_if_abandoned: Returns what is charged when the client leaves after so many body items;
            `None` charges the whole bill.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)
    body: bytes | Iterable[bytes | Pause] = b""
    executed: bool = False
    bill: Bill = Bill()  # noqa: RUF009 - a frozen value
    bill_if_abandoned: Callable[[int], Bill] | None = None

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty when there is none."""
        for name, value in self.headers:
            if name.lower() == "content-type":
                return value.partition(";")[0].strip().lower()
        return ""

    @property
    def is_event_stream(self) -> bool:
        """Whether the body is a stream of server-sent events."""
        return self.content_type == "text/event-stream"


def json_response(value: object, *, status: int = 200, content_type: str = JSON) -> Response:
    """A response with `value` as compact JSON in UTF-8; non-ASCII text is not escaped."""
    return Response(
        status=status, headers=(("content-type", content_type),), body=json_bytes(value)
    )


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8, as vendors send it: non-ASCII text is not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event(value: object) -> bytes:
    """One server-sent event with `value` as JSON data; a `str` goes as it is."""
    return b"data: " + (value.encode() if isinstance(value, str) else json_bytes(value)) + b"\n\n"


def parse_event(item: bytes) -> dict[str, Any] | None:
    """The JSON object in one event that `event` made, or `None` when it holds something else."""
    text = item.removeprefix(b"data: ").strip()
    if not text.startswith(b"{"):
        return None
    value: dict[str, Any] = json.loads(text)
    return value


class RequestReader:
    """Reads requests from one socket.

    Args:
        connection: The accepted socket, in blocking mode.
        max_body_bytes: A longer body is refused.
    """

    def __init__(self, connection: socket.socket, *, max_body_bytes: int) -> None:
        self._connection = connection
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()

    def read_head(self) -> Request | None:
        """The next request's head, or `None` when the client closed the connection.

        Raises:
            HttpSyntaxError: It is not HTTP/1.x, or the head is too long.
            ClientGoneError: The client closed in the middle of the head.
        """
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise HttpSyntaxError("the head is too long")
            if not self._fill():
                if self._buffer:
                    raise ClientGoneError("the head is incomplete")
                return None
            if self._buffer[:1] == b"\x16":
                raise HttpSyntaxError("this is a TLS handshake, and the server speaks plain HTTP")
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return _parse_head(head)

    def read_body(self, head: Request) -> bytes:
        """The body that `head` announces.

        Raises:
            HttpSyntaxError: Its framing is wrong, or it is too long.
            ClientGoneError: The client closed before its end.
        """
        if (head.header("transfer-encoding") or "").lower() == "chunked":
            return self._read_chunked()
        return self._take(self._length(head.header("content-length") or "0", base=10))

    def read_some(self, n_bytes: int) -> int:
        """Read and drop at most `n_bytes` of the body; returns how many were there."""
        while len(self._buffer) < n_bytes and self._fill():
            pass
        read = min(n_bytes, len(self._buffer))
        del self._buffer[:read]
        return read

    def _read_chunked(self) -> bytes:
        body = bytearray()
        while size := self._length(self._line().partition(b";")[0].decode("ascii"), base=16):
            body += self._take(size)
            if len(body) > self._max_body_bytes:
                raise HttpSyntaxError("the body is too long", status=413)
            if self._line():
                raise HttpSyntaxError("a chunk does not end where it should")
        while self._line():
            pass
        return bytes(body)

    def _length(self, text: str, *, base: int) -> int:
        try:
            length = int(text, base)
        except ValueError as error:
            raise HttpSyntaxError("a length is not a number") from error
        if length < 0:
            raise HttpSyntaxError("a length is negative")
        if length > self._max_body_bytes:
            raise HttpSyntaxError("the body is too long", status=413)
        return length

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if not self._fill():
                raise ClientGoneError("the body is incomplete")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, n_bytes: int) -> bytes:
        while len(self._buffer) < n_bytes:
            if not self._fill():
                raise ClientGoneError("the body is incomplete")
        taken = bytes(self._buffer[:n_bytes])
        del self._buffer[:n_bytes]
        return taken

    def _fill(self) -> bool:
        data = self._connection.recv(1 << 18)
        self._buffer += data
        return bool(data)


def _parse_head(head: bytes) -> Request:
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
    except ValueError as error:
        raise HttpSyntaxError("the request line has not three parts") from error
    if not version.startswith("HTTP/1."):
        raise HttpSyntaxError("the version is not HTTP/1")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HttpSyntaxError("a header has no name")
        headers.append((name.lower(), value.strip()))
    path, _, query = target.partition("?")
    return Request(method=method.upper(), path=path, query=query, headers=tuple(headers))
