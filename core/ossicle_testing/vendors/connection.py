"""One client's connection: read a request, decide its fault, play the answer's script."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import (
    ClientGoneError,
    HttpSyntaxError,
    Pause,
    Request,
    RequestReader,
    Response,
    json_response,
)
from ossicle_testing.vendors.ledger import Ledger
from ossicle_testing.vendors.schedule import Schedule
from ossicle_testing.vendors.script import STALL, Close, Item, Reset, Step, head, script

Answerer = Callable[[Request, Fault | None], tuple[Response, Fault | None]]
"""Gives the response to a whole request, and the fault that really corrupted it."""

Ending = Literal["complete", "closed", "reset", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What all connections of a server share.

    Attributes:
        answer: Gives the response to a request.
        schedule: Decides the fault of a request, or `None` for a server without faults.
        ledger: Where everything is written down.
        clock: Returns Unix seconds.
        stopping: Set when the server shuts down.
        max_body_bytes: Longest request body.
        nonce_header: Header with the client's own name for the request; echoed in the answer.
    """

    answer: Answerer
    schedule: Schedule | None
    ledger: Ledger
    clock: Clock
    stopping: threading.Event
    max_body_bytes: int
    nonce_header: str


class Connection:
    """Serves one accepted socket until either side ends it.

    Args:
        client: The accepted socket; closed in the end.
        service: What the server's connections share.
    """

    def __init__(self, client: socket.socket, service: Service) -> None:
        self._client = client
        self._service = service
        self._reader = RequestReader(client, max_body_bytes=service.max_body_bytes)
        self._n_sent = 0

    def serve(self) -> None:
        """Answer requests one after the other; returns when the connection is closed."""
        with contextlib.closing(self._client):
            try:
                while not self._service.stopping.is_set() and self._exchange():
                    pass
                self._linger()
            except HttpSyntaxError as error:
                with contextlib.suppress(OSError):
                    refusal = json_response({"error": {"message": str(error)}}, status=error.status)
                    self._play(script(refusal), index=None)
            except OSError:
                # The client reset the connection; its entry, if any, was closed on the way.
                return

    def wake(self) -> None:
        """End the connection from another thread: whatever waits on the socket returns."""
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def _exchange(self) -> bool:
        """Serve one request; returns whether another may follow."""
        request = self._reader.read_head()
        if request is None:
            return False
        service = self._service
        now_s = service.clock()
        nonce = request.header(service.nonce_header)
        index = service.ledger.open(
            method=request.method, path=request.path, received_at=now_s, nonce=nonce
        )
        request = replace(request, index=index, received_at=now_s, nonce=nonce)
        gone, self._n_sent = True, 0
        try:
            fault = service.schedule(request) if service.schedule is not None else None
            ending = self._refuse_upload(request, fault) or self._answer(request, fault)
            gone = ending == "gone"
        finally:
            service.ledger.close(index, aborted=gone, bytes_sent=self._n_sent)
        return _keeps_alive(request) and ending == "complete"

    def _refuse_upload(self, request: Request, fault: Fault | None) -> Ending | None:
        if fault is None or fault.kind not in (FaultKind.UPLOAD_RESET, FaultKind.UPLOAD_STALL):
            return None
        self._service.ledger.record(request.index, fault=fault.kind)
        if fault.kind is FaultKind.UPLOAD_STALL:
            return self._play((STALL, Close()), index=request.index)
        self._reader.read_some(fault.size_bytes)
        return self._play((Reset(),), index=request.index)

    def _answer(self, request: Request, fault: Fault | None) -> Ending:
        if (request.header("expect") or "").lower() == "100-continue":
            self._client.sendall(head(Response(status=100, headers=())))
        try:
            body = self._reader.read_body(request)
        except ClientGoneError:
            return "gone"
        request = replace(request, body=body)
        ledger, index = self._service.ledger, request.index
        ledger.record(index, digest=request.digest)
        response, applied = self._service.answer(request, fault)
        if request.nonce is not None:
            echoed = (self._service.nonce_header, request.nonce)
            response = replace(response, headers=(*response.headers, echoed))
        if not _keeps_alive(request):
            response = replace(response, headers=(*response.headers, ("connection", "close")))
        # Written before the first byte goes out: who sees the answer finds it in the ledger.
        ledger.record(
            index,
            executed=response.executed,
            bill=response.bill if response.executed else None,
            fault=applied.kind if applied is not None else None,
        )
        n_items = _Counter()
        ending = self._play(script(response, applied), index=index, n_items=n_items,
                            status=response.status)  # fmt: skip
        if ending == "gone" and response.executed and response.bill_if_abandoned is not None:
            ledger.record(index, bill=response.bill_if_abandoned(n_items.count))
        return ending

    def _play(
        self,
        steps: Iterable[Step],
        *,
        index: int | None,
        n_items: _Counter | None = None,
        status: int | None = None,
    ) -> Ending:
        for step in steps:
            if isinstance(step, Reset):
                self._reset()
                return "reset"
            if isinstance(step, Close):
                return "closed"
            if isinstance(step, Pause):
                if self._wait(step.seconds):
                    return "gone"
                continue
            if status is not None and index is not None:
                self._service.ledger.record(index, status=status)
                status = None
            if not self._send(step.data if isinstance(step, Item) else step):
                return "gone"
            if n_items is not None and isinstance(step, Item):
                n_items.count += 1
        return "complete"

    def _send(self, data: bytes) -> bool:
        """Send everything; returns whether the client was there to take it."""
        if _is_gone(self._client):
            return False
        rest = memoryview(data)
        while rest:
            try:
                sent = self._client.send(rest)
            except OSError:
                return False
            self._n_sent += sent
            rest = rest[sent:]
        return True

    def _wait(self, seconds: float | None) -> bool:
        """Wait; returns whether the client left meanwhile."""
        if hasattr(select, "POLLRDHUP"):
            poll = select.poll()
            poll.register(self._client, select.POLLRDHUP)
            # The server wakes a waiting connection by shutting its socket down.
            left = bool(poll.poll(None if seconds is None else seconds * 1000))
            return left and not self._service.stopping.is_set()
        self._service.stopping.wait(30.0 if seconds is None else seconds)
        return _is_gone(self._client)

    def _reset(self) -> None:
        # Closing with unsent data thrown away sends RST; an orderly FIN must not come first.
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._client.close()

    def _linger(self) -> None:
        """Say that nothing more comes, so that a client reads all before the socket closes."""
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)


class _Counter:
    """How many items of a body went out."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


def _keeps_alive(request: Request) -> bool:
    return (request.header("connection") or "").lower() != "close"


def _is_gone(client: socket.socket) -> bool:
    """Whether the client closed its side; a client that only half-closed counts as gone."""
    if hasattr(select, "POLLRDHUP"):
        poll = select.poll()
        poll.register(client, select.POLLRDHUP)
        return bool(poll.poll(0))
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        client.setblocking(True)
