"""A scripted HTTP/1.1 server on the loopback interface: the ground every fake vendor stands on."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Self

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.connection import Connection, Service
from ossicle_testing.vendors.corruptions import Corrupt, corrupt
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.ledger import Ledger
from ossicle_testing.vendors.refusals import (
    Refuse,
    RefusedError,
    plain_refusal,
    retry_after_headers,
)
from ossicle_testing.vendors.schedule import Schedule

Route = Callable[[Request], Response]
"""Answers one kind of request; may be called from several threads at once."""

Routes = Mapping[tuple[str, str], Route]
"""Routes by method and path; `{name}` in a path stands for one segment, given in `params`, and
`{*name}` for all the rest."""


class FakeVendor:
    """A vendor on 127.0.0.1, served from threads of its own, with faults, a ledger and a clock.

    Subclass it and hand your routes to `super().__init__`. A route returns a `Response`, or raises
    `RefusedError` with one; any other exception answers 500 and is raised again when the block
    ends, so that a broken script cannot look like a passing test. A context manager; closing twice
    is harmless.

    Args:
        routes: What is served, the prefix included.
        prefix: What follows the port in the base URL, such as `/v1`.
        schedule: Decides the fault of each request; `None` means none.
        clock: Returns Unix seconds.
        refuse: Words the answers of the status group.
        corrupt: Spoils responses for the content and stream groups.
        ledger: Where to write; a new one by default.
        max_body_bytes: Longest request body.
        nonce_header: Header with the client's own name for a request; echoed in the answer.
        receive_buffer_bytes: Size of the sockets' receive buffers. A small one makes an upload
            block early, so that `UPLOAD_STALL` and `UPLOAD_RESET` strike while the client sends.

    Example:
        >>> import http.client
        >>> hello = lambda request: Response(body=b"hello", executed=True)
        >>> with FakeVendor({("GET", "/hello"): hello}) as server:
        ...     connection = http.client.HTTPConnection(server.host, server.port)
        ...     connection.request("GET", "/hello")
        ...     answer = connection.getresponse().read()
        ...     connection.close()
        >>> answer, len(server.ledger.executed)
        (b'hello', 1)
    """

    host = "127.0.0.1"

    def __init__(
        self,
        routes: Routes,
        *,
        prefix: str = "",
        schedule: Schedule | None = None,
        clock: Clock = time.time,
        refuse: Refuse = plain_refusal,
        corrupt: Corrupt = corrupt,
        ledger: Ledger | None = None,
        max_body_bytes: int = 512 << 20,
        nonce_header: str = "x-ossicle-nonce",
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self.ledger = Ledger() if ledger is None else ledger
        self._routes = tuple((method, _template(path), route)
                             for (method, path), route in routes.items())  # fmt: skip
        self._prefix = prefix
        self._refuse = refuse
        self._tamper = corrupt
        self._clock = clock
        self._receive_buffer_bytes = receive_buffer_bytes
        self._stopping = threading.Event()
        self._service = Service(
            answer=self._answer, schedule=schedule, ledger=self.ledger, clock=clock,
            stopping=self._stopping, max_body_bytes=max_body_bytes, nonce_header=nonce_header,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, Connection] = {}
        self._failures: list[Exception] = []
        self._watchers: list[list[Request]] = []
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self.connections = 0

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            ConfigurationError: It is not running.
        """
        if self._listener is None:
            raise ConfigurationError("the server is not running", fix="Call start() first.")
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""
        return f"http://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return self.url + self._prefix

    @property
    def failures(self) -> tuple[Exception, ...]:
        """What routes raised."""
        with self._lock:
            return tuple(self._failures)

    @contextlib.contextmanager
    def watching(self) -> Iterator[list[Request]]:
        """Collects the requests that come while the block runs, each with its whole body.

        The ledger keeps a digest alone; this is for tests that ask what a vendor was sent. A
        request whose fault lets nothing of it be answered is not among them.
        """
        seen: list[Request] = []
        with self._lock:
            self._watchers.append(seen)
        try:
            yield seen
        finally:
            with self._lock:
                self._watchers = [one for one in self._watchers if one is not seen]

    def start(self) -> Self:
        """Listen on a free port.

        Raises:
            ConfigurationError: It was started before.
        """
        if self._listener is not None or self._stopping.is_set():
            raise ConfigurationError("the server was started before", fix="Make a new one.")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if self._receive_buffer_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer_bytes)
        listener.bind((self.host, 0))
        listener.listen(128)
        self._listener, self._wake = listener, socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, name="vendor", daemon=True)
        self._accepting.start()
        return self

    def close(self) -> None:
        """End every connection and every thread, and close every socket."""
        self._stopping.set()
        if self._listener is None or self._wake is None or self._accepting is None:
            return
        self._wake[0].send(b".")
        self._accepting.join()
        with self._lock:
            open_now = dict(self._open)
        for connection in open_now.values():
            connection.wake()
        for thread in open_now:
            thread.join()
        for end in (*self._wake, self._listener):
            end.close()
        self._wake = self._accepting = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        if kind is None and self.failures:
            raise self.failures[0]

    def _accept(self) -> None:
        if self._listener is None or self._wake is None:
            return
        while not self._stopping.is_set():
            readable, _, _ = select.select([self._listener, self._wake[1]], [], [])
            if self._listener not in readable or self._stopping.is_set():
                continue
            with contextlib.suppress(OSError):
                client, _ = self._listener.accept()
                self._adopt(client)

    def _adopt(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client, self._service)
        thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        with self._lock:
            self.connections += 1
            self._open[thread] = connection
        thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _answer(self, request: Request, fault: Fault | None) -> tuple[Response, Fault | None]:
        with self._lock:
            for seen in self._watchers:
                seen.append(request)
        if fault is None:
            return self._dispatch(request), None
        served = self._dispatch(request) if fault.is_executed else Response()
        if fault.facts.status is not None:
            return self._refusal(fault, request, served), fault
        if fault.facts.group in ("content", "stream"):
            if not isinstance(served.body, bytes):
                # Kept, so that a fault that does not apply leaves the body as it was.
                served = replace(served, body=tuple(served.body))
            corrupted = self._tamper(fault, served)
            return (served, None) if corrupted is None else (corrupted, fault)
        return served, fault

    def _refusal(self, fault: Fault, request: Request, served: Response) -> Response:
        if fault.kind is FaultKind.REDIRECT:
            refusal = Response(status=307, headers=(("location", fault.location),))
        else:
            refusal = self._refuse(fault, request)
        waits = retry_after_headers(
            fault.retry_after, now_s=self._clock(), wait_s=fault.retry_after_s
        )
        return replace(
            refusal, headers=(*refusal.headers, *waits),
            executed=served.executed, bill=served.bill,
        )  # fmt: skip

    def _dispatch(self, request: Request) -> Response:
        allowed = []
        for method, template, route in self._routes:
            match = template.fullmatch(request.path)
            if match is None:
                continue
            if method != request.method:
                allowed.append(method)
                continue
            params = MappingProxyType(match.groupdict())
            try:
                return route(replace(request, params=params))
            except RefusedError as refused:
                return refused.response
            except Exception as error:  # noqa: BLE001 - the thread's rim; raised again at the end
                with self._lock:
                    self._failures.append(error)
                return json_response({"error": {"message": "the script failed"}}, status=500)
        if allowed:
            return json_response({"error": {"message": "Method not allowed"}}, status=405)
        message = f"Invalid URL ({request.method} {request.path})"
        error_body = {"message": message, "type": "invalid_request_error", "param": None,
                      "code": None}  # fmt: skip
        return json_response({"error": error_body}, status=404)


def _template(path: str) -> re.Pattern[str]:
    literal, *named = re.split(r"\{(\*?)(\w+)\}", path)
    pattern = re.escape(literal)
    for star, name, literal in zip(named[::3], named[1::3], named[2::3], strict=True):
        pattern += f"(?P<{name}>{'.*' if star else '[^/]+'}){re.escape(literal)}"
    return re.compile(pattern)
