"""What goes over the wire for a response, byte for byte, with or without a fault.

Pure: a script is an iterable of steps, and only `connection` touches a socket.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import REASONS, Pause, Response


@dataclass(frozen=True, slots=True)
class Reset:
    """End the connection with a TCP reset."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection in order, wherever the response stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Bytes that end one item of a response's body; a client that leaves after it paid for it.

    Attributes:
        data: The bytes, framed for the wire.
    """

    data: bytes


Step = bytes | Item | Pause | Reset | Close
"""Send these bytes, wait, or end the connection."""

STALL = Pause(seconds=None)
"""Says nothing more until the client leaves or the server stops."""


def script(response: Response, fault: Fault | None = None) -> Iterator[Step]:
    """The steps that send `response` as `fault` would have it.

    Faults of other groups than the transport's leave the wire as it is: they change the response
    before it comes here.
    """
    if fault is None:
        return _plain(response)
    match fault.kind:
        case FaultKind.RESET_AFTER_UPLOAD:
            return iter((Reset(),))
        case FaultKind.CLOSE_BEFORE_HEADERS:
            return iter((Close(),))
        case FaultKind.NO_ANSWER:
            return iter((STALL, Close()))
        case FaultKind.CLOSE_AFTER_DELAY:
            return iter((Pause(seconds=fault.delay_s), Close()))
        case FaultKind.TRUNCATED_LENGTH:
            return _with_length(response, fault, end=(Close(),))
        case FaultKind.STALL_IN_BODY:
            return _with_length(response, fault, end=(STALL, Close()))
        case FaultKind.TRUNCATED_CHUNKED:
            return _cut_chunks(response, fault)
        case FaultKind.LATENCY:
            return itertools.chain((Pause(seconds=fault.delay_s),), _plain(response))
        case FaultKind.SLICED:
            return _sliced(_plain(response), fault.piece_bytes)
        case FaultKind.BANDWIDTH:
            return _throttled(_plain(response), fault)
        case FaultKind.SLOW_CLOSE:
            return _until_close(response, fault)
        case FaultKind.CLOSED_KEEP_ALIVE:
            return itertools.chain(_plain(response), (Close(),))
        case _:
            return _plain(response)


def head(response: Response, *headers: tuple[str, str]) -> bytes:
    """The status line and headers, the response's own first."""
    reason = REASONS.get(response.status, "Unknown")
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in (*response.headers, *headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole_body(response: Response) -> bytes:
    """The body in one piece, without pauses; an endless body never returns."""
    if isinstance(response.body, bytes):
        return response.body
    return b"".join(item for item in response.body if isinstance(item, bytes))


def _plain(response: Response) -> Iterator[Step]:
    if isinstance(response.body, bytes):
        length = ("content-length", str(len(response.body)))
        # In one write: a client must not wait for a second packet.
        yield Item(data=head(response, length) + response.body)
        return
    yield head(response, ("transfer-encoding", "chunked"))
    for item in response.body:
        yield item if isinstance(item, Pause) else Item(data=_chunk(item))
    yield b"0\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    # An empty chunk would end the body.
    return f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""


def _with_length(response: Response, fault: Fault, *, end: Iterable[Step]) -> Iterator[Step]:
    body = whole_body(response)
    yield head(response, ("content-length", str(max(1, len(body)))))
    yield body[: min(int(len(body) * fault.at), max(0, len(body) - 1))]
    yield from end


def _cut_chunks(response: Response, fault: Fault) -> Iterator[Step]:
    body = whole_body(response)
    yield head(response, ("transfer-encoding", "chunked"))
    kept = body[: int(len(body) * fault.at)]
    # The last chunk announces more than follows: the framing itself is broken off.
    yield f"{len(kept) + 16:x}\r\n".encode() + kept
    yield Close()


def _until_close(response: Response, fault: Fault) -> Iterator[Step]:
    yield head(response, ("connection", "close"))
    yield whole_body(response)
    yield Pause(seconds=fault.delay_s)
    yield Close()


def _sliced(steps: Iterable[Step], piece_bytes: int) -> Iterator[Step]:
    for step in steps:
        data = step.data if isinstance(step, Item) else step
        if not isinstance(data, bytes):
            yield data
            continue
        for start in range(0, len(data), piece_bytes):
            piece = data[start : start + piece_bytes]
            is_last = start + piece_bytes >= len(data)
            yield Item(data=piece) if is_last and isinstance(step, Item) else piece


def _throttled(steps: Iterable[Step], fault: Fault) -> Iterator[Step]:
    # Twenty pieces a second at most, whatever the rate is.
    piece_bytes = max(fault.piece_bytes, fault.bytes_per_s // 20)
    for step in _sliced(steps, piece_bytes):
        data = step.data if isinstance(step, Item) else step
        if isinstance(data, bytes):
            yield Pause(seconds=len(data) / fault.bytes_per_s)
        yield step
