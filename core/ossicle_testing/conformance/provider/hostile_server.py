"""A server that answers every request in one way, none of which a vendor should."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ossicle.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    InvalidReplyError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderConnectionError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)

_MOST_ASKED = 4000
"""Bytes of a request's body that are sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadReply:
    """How the server answers, and what that means.

    Attributes:
        name: In words.
        status: HTTP status; 0 closes the connection without a word.
        body: May hold `{secret}`, which stands for all headers that came and the request's body.
        media_type: Of the body.
        retry_after: Header of that name, in seconds, or `None`.
        errors: What a provider may raise.
        retryable: Whether it may be tried again; `None`: up to the provider.
    """

    name: str
    status: int
    errors: tuple[type[OssicleError], ...]
    body: str = '{{"error": {{"message": "no: {secret}"}}}}'
    media_type: str = "application/json"
    retry_after: int | None = None
    retryable: bool | None = None


ANSWERS: tuple[BadReply, ...] = (
    BadReply(
        name="a refused key", status=401, errors=(AuthenticationError, PermissionRefusedError),
        retryable=False,
    ),
    BadReply(
        name="a refused permission", status=403, retryable=False,
        errors=(PermissionRefusedError, AuthenticationError),
    ),
    BadReply(
        name="nothing of that name", status=404, retryable=False,
        errors=(ModelNotFoundError, RequestRefusedError),
    ),
    BadReply(name="an invalid request", status=400, errors=(RequestRefusedError,), retryable=False),
    BadReply(
        name="too many requests", status=429, retry_after=7,
        errors=(RateLimitedError, QuotaExhaustedError),
    ),
    BadReply(
        name="an overloaded vendor", status=503, errors=(ProviderUnavailableError,),
        retryable=True,
    ),
    BadReply(
        name="an internal error", status=500,
        errors=(ProviderUnavailableError, AmbiguousOutcomeError),
    ),
    BadReply(
        name="a page instead of a reply", status=200, media_type="text/html",
        body="<html>hello {secret}</html>", errors=(InvalidReplyError,),
    ),
    BadReply(name="an empty reply", status=200, body="", errors=(InvalidReplyError,)),
    BadReply(name="a reply that is a list", status=200, body="[1, 2]", errors=(InvalidReplyError,)),
    BadReply(
        name="a connection that closes", status=0,
        errors=(AmbiguousOutcomeError, ProviderConnectionError, ProviderUnavailableError),
    ),
)  # fmt: skip
"""Every way to fail; `errors` are the fitting classes of the tree."""


@dataclass(slots=True)
class HostileServer:
    """A server that answers in one way.

    Attributes:
        url: Where.
        knocks: How many requests came.
    """

    url: str = ""
    knocks: int = 0


@contextmanager
def answering(answer: BadReply) -> Iterator[HostileServer]:
    """A server on this machine that answers so, whatever it is asked."""
    door = HostileServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            door.knocks += 1
            asked = self._asked()
            self.close_connection = True
            if not answer.status:
                return
            secret = f"{' '.join(self.headers.values())} {asked}"
            secret = re.sub(r"[^ -~]", " ", secret).replace('"', "'").replace("\\", "/")
            body = answer.body.format(secret=secret).encode()
            self.send_response(answer.status)
            self.send_header("content-type", answer.media_type)
            self.send_header("content-length", str(len(body)))
            if answer.retry_after is not None:
                self.send_header("retry-after", str(answer.retry_after))
            self.end_headers()
            self.wfile.write(body)

        def _asked(self) -> str:
            if self.headers.get("transfer-encoding") != "chunked":
                length = int(self.headers.get("content-length") or 0)
                return self.rfile.read(length)[-_MOST_ASKED:].decode("latin-1")
            asked = b""
            while size := int(self.rfile.readline() or b"0", 16):
                asked = (asked + self.rfile.read(size))[-_MOST_ASKED:]
                self.rfile.readline()
            self.rfile.readline()
            return asked.decode("latin-1")

        do_POST = do_GET = do_PUT = _answer  # noqa: N815 - names that the library asks for

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        door.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
