"""A server that answers every request in one way, none of which a vendor should."""

from __future__ import annotations

import re
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
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request, Response
from ossicle_testing.vendors.vendor import FakeVendor

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


BAD_REPLIES: tuple[BadReply, ...] = (
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


def hostile_server(reply: BadReply) -> FakeVendor:
    """A server on this machine that replies so, whatever it is asked."""

    def answer(request: Request) -> Response:
        headers = " ".join(value for _, value in request.headers)
        secret = f"{headers} {request.body[-_MOST_ASKED:].decode('latin-1')}"
        secret = re.sub(r"[^ -~]", " ", secret).replace('"', "'").replace("\\", "/")
        waits = () if reply.retry_after is None else (("retry-after", str(reply.retry_after)),)
        return Response(
            status=reply.status,
            headers=(("content-type", reply.media_type), ("connection", "close"), *waits),
            body=reply.body.format(secret=secret).encode(),
        )

    return FakeVendor(
        {(method, "/{*path}"): answer for method in ("GET", "POST", "PUT")},
        schedule=None
        if reply.status
        else lambda request: Fault(kind=FaultKind.CLOSE_BEFORE_HEADERS),
    )
