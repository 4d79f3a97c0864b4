"""The errors that any REST provider has, whatever its vendor says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ossicle.errors import (
    AmbiguousOutcomeError,
    InvalidReplyError,
    OssicleError,
    ProviderConnectionError,
    StreamIncompleteError,
)
from ossicle.rest.retry_after import retry_after_s

_MAX_ID_CHARS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with a status other than 2xx, as it came.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        body: Its first part, 64 KiB at most.
        now_s: Unix seconds by this machine's clock, for dates where the vendor sends no `Date`.

    Example:
        >>> Refusal(status=429, headers={"retry-after": "7"}).retry_after_s
        7.0
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    now_s: float = 0.0

    @property
    def retry_after_s(self) -> float | None:
        """Seconds that the `Retry-After` header asks to wait."""
        return retry_after_s(self.headers, now_s=self.now_s)


Explain = Callable[[Refusal], OssicleError]
"""Translates a refusal into the fitting error; decides what it says about billing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Builds errors of one provider.

    What `billed` says decides about repeating: `False`, surely not executed; `None`, may be
    executed.

    Attributes:
        provider: Its name.
        request_id_headers: Headers that name a request, best first.

    Example:
        >>> Failures(provider="acme").unreachable("no connection", fix="Check base_url.").billed
        False
    """

    provider: str
    request_id_headers: tuple[str, ...] = ("x-request-id", "request-id")

    def ambiguous(
        self, what: str, *, status: int | None = None, request_id: str | None = None
    ) -> AmbiguousOutcomeError:
        """The error for a request that went out whole and whose outcome is unknown."""
        return AmbiguousOutcomeError(
            what,
            provider=self.provider,
            status=status,
            request_id=request_id,
            fix="It may have been executed and billed: it is only repeated where the application "
            "allows that.",
        )

    def unreachable(self, what: str, *, fix: str) -> ProviderConnectionError:
        """The error for a request that surely did not reach the vendor as a whole."""
        return ProviderConnectionError(what, provider=self.provider, billed=False, fix=fix)

    def invalid_reply(
        self,
        what: str,
        *,
        status: int | None = 200,
        request_id: str | None = None,
        fix: str = "Ask again; if it repeats, report it to the vendor.",
    ) -> InvalidReplyError:
        """The error for an answer that is not what the protocol promises; probably billed."""
        return InvalidReplyError(
            what, provider=self.provider, status=status, request_id=request_id, billed=True,
            fix=fix,
        )  # fmt: skip

    def incomplete(self, what: str, *, request_id: str | None = None) -> StreamIncompleteError:
        """The error for a stream that ended too early; the core adds what came."""
        return StreamIncompleteError(
            what,
            provider=self.provider,
            request_id=request_id,
            fix="The part that came is in `partial`; it may have been billed as a whole.",
        )

    def of_the_way(self, refusal: Refusal) -> OssicleError | None:
        """The error for a redirect or a proxy's demand, which are no answer of the vendor's."""
        facts: dict[str, Any] = {
            "provider": self.provider,
            "status": refusal.status,
            "request_id": self.request_id_of(refusal.headers),
            "billed": False,
        }
        if 300 <= refusal.status < 400:
            return InvalidReplyError(
                f"the server answers {refusal.status}, a redirect, which is not followed",
                fix="Give the final address as base_url.",
                **facts,
            )
        if refusal.status == 407:
            return ProviderConnectionError(
                "a proxy on the way demands credentials (407)",
                retryable=False,
                fix="Put them into the proxy's URL.",
                **facts,
            )
        return None

    def request_id_of(self, headers: Mapping[str, str]) -> str | None:
        """The vendor's or a gateway's id of the request, if it looks like one."""
        for name in self.request_id_headers:
            value = headers.get(name, "")
            if value and len(value) <= _MAX_ID_CHARS and value.isascii() and value.isprintable():
                return value
        return None
