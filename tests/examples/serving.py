"""The examples' services as they really run: on a socket of the loopback interface."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

import uvicorn
from starlette.types import ASGIApp
from werkzeug.serving import make_server


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a service answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running service."""

    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def post(self, path: str, body: bytes, media_type: str = "application/octet-stream") -> Answer:
        connection = self.connect()
        try:
            connection.request("POST", path, body, {"content-type": media_type})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=headers, body=response.read())
        finally:
            connection.close()

    def post_json(self, path: str, value: object) -> Answer:
        return self.post(path, json.dumps(value).encode(), "application/json")

    def post_form(self, path: str, **files: bytes) -> Answer:
        mark = "a-boundary-that-no-sound-holds"
        parts = [
            f'--{mark}\r\ncontent-disposition: form-data; name="{name}"; filename="x.txt"\r\n'
            f"content-type: text/plain\r\n\r\n".encode()
            + data
            + b"\r\n"
            for name, data in files.items()
        ]
        body = b"".join([*parts, f"--{mark}--\r\n".encode()])
        return self.post(path, body, f"multipart/form-data; boundary={mark}")


@contextmanager
def asgi(app: ASGIApp) -> Iterator[Service]:
    """An ASGI application under uvicorn, its lifespan included."""
    config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ready = threading.Event()
        startup = server.startup

        async def started(sockets: list[socket.socket] | None = None) -> None:
            await startup(sockets)
            ready.set()

        server.startup = started  # type: ignore[method-assign]
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert ready.wait(30)
            yield Service(port=listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@contextmanager
def wsgi(app: WSGIApplication) -> Iterator[Service]:
    """A WSGI application under a server with threads."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Service(port=server.server_port)
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()
        assert not thread.is_alive()
