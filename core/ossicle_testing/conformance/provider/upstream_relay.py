"""A relay between a provider and its fake vendor that cuts answers, drips them, or falls silent."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Manner = Literal["faithful", "cut", "stall", "drip"]
"""`cut`: the connection ends after `after` bytes of answer. `stall`: it falls silent there.
`drip`: the answer comes a few bytes at a time."""

_PIECES = (1, 2, 3, 5, 7, 11)
_DRIPPED_BYTES = 6000


@dataclass(slots=True)
class Relay:
    """How answers are handed on.

    Attributes:
        manner: In which way.
        after: Bytes of answer that pass before a cut or a silence.
        passed: Bytes of answer that the vendor sent in all.
        asked: Everything that the provider sent.
    """

    manner: Manner = "faithful"
    after: int = 0
    passed: int = 0
    asked: bytearray = field(default_factory=bytearray, repr=False)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def url(self, upstream: str) -> contextlib.AbstractContextManager[str]:
        """The URL under which `upstream` is reached through the relay."""
        return _serve(self, upstream)

    def _serve_one(self, client: socket.socket, address: tuple[str, int]) -> None:
        with client, contextlib.suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with socket.create_connection(address, timeout=10) as vendor:
                self._pump(client, vendor)

    def _pump(self, client: socket.socket, vendor: socket.socket) -> None:
        open_ends = [client, vendor]
        while not self._stopping.is_set():
            for ready in select.select(open_ends, [], [], 0.02)[0]:
                data = ready.recv(65536)
                if not data and ready is vendor and self.manner == "stall":
                    open_ends.remove(vendor)  # its silence goes on
                elif not data:
                    return
                elif ready is client:
                    self.asked += data
                    vendor.sendall(data)
                elif not self._hand_on(client, data):
                    return

    def _hand_on(self, client: socket.socket, data: bytes) -> bool:
        """Give the client what it must have; false when that was all."""
        left = max(0, self.after - self.passed)
        self.passed += len(data)
        match self.manner:
            case "cut":
                client.sendall(data[:left])
                return len(data) < left
            case "stall":
                client.sendall(data[:left])
            case "drip":
                self._drip(client, data)
            case _:
                client.sendall(data)
        return True

    def _drip(self, client: socket.socket, data: bytes) -> None:
        start = number = 0
        while start < min(len(data), _DRIPPED_BYTES):
            size = _PIECES[number % len(_PIECES)]
            client.sendall(data[start : start + size])
            start, number = start + size, number + 1
        client.sendall(data[start:])


@contextlib.contextmanager
def _serve(relay: Relay, upstream: str) -> Iterator[str]:
    parts = urlsplit(upstream)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        threads: list[threading.Thread] = []

        def accept() -> None:
            while not relay._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    client, _ = listener.accept()
                    client.setblocking(True)
                    thread = threading.Thread(target=relay._serve_one, args=(client, address))
                    thread.start()
                    threads.append(thread)

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            netloc = f"127.0.0.1:{listener.getsockname()[1]}"
            yield urlunsplit(parts._replace(netloc=netloc))
        finally:
            relay._stopping.set()
            for thread in (accepting, *threads):
                thread.join()
