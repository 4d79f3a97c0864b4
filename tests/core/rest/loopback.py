"""A server on the loopback that answers every request the same."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Server:
    """What it got.

    Attributes:
        url: Its base URL.
        requests: Each request as it came: first line, headers and body.
    """

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def answering(status: int, media_type: str, body: bytes) -> Iterator[Server]:
    """A server that answers so until the block ends."""
    got: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"]))
            got.append(f"{self.requestline}\r\n{self.headers}".encode() + sent)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # its name there
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Server(url=f"http://127.0.0.1:{server.server_port}", requests=got)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
