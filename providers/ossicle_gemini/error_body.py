"""The error body of Google's interfaces (`google.rpc.Status`), read without trust. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ossicle.rest import bounded_wait
from ossicle_gemini.duration import duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says.

    Attributes:
        code: The HTTP status that it names.
        status: The vendor's code, such as `RESOURCE_EXHAUSTED`.
        message: In words, unredacted.
        reason: Of `google.rpc.ErrorInfo`, such as `API_KEY_INVALID`.
        field: The first field that `google.rpc.BadRequest` blames.
        retry_after_s: Of `google.rpc.RetryInfo`, in seconds.
        quotas: Ids of the quotas that `google.rpc.QuotaFailure` names.
        is_own: Whether the vendor wrote it, rather than something in between.

    Source:
        https://cloud.google.com/apis/design/errors, and replies of the Gemini API as quoted in
        issues of google-gemini/gemini-cli (10925, 14831), read 2026-11-23.
    """

    code: int | None = None
    status: str | None = None
    message: str = ""
    reason: str | None = None
    field: str | None = None
    retry_after_s: float | None = None
    quotas: tuple[str, ...] = ()
    is_own: bool = False


def envelope_of_bytes(body: bytes) -> ErrorBody:
    """What an error reply's body says; whatever is not JSON was not written by the vendor."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorBody()
    return envelope_of(data) or ErrorBody()


def envelope_of(data: object) -> ErrorBody | None:
    """The error in JSON data, or `None` when it holds none.

    An error in place of a stream comes as a list with one object in it.
    """
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    inner = data.get("error") if isinstance(data, Mapping) else None
    if not isinstance(inner, Mapping):
        return None
    code, details = inner.get("code"), list(_details(inner))
    info, bad = _of_kind(details, "ErrorInfo"), _of_kind(details, "BadRequest")
    waits = _of_kind(details, "RetryInfo").get("retryDelay")
    wait = duration_s(waits)
    return ErrorBody(
        code=code if isinstance(code, int) and not isinstance(code, bool) else None,
        status=_text(inner.get("status")),
        message=_text(inner.get("message")) or "",
        reason=_text(info.get("reason")),
        field=next(_texts(bad.get("fieldViolations"), "field"), None),
        retry_after_s=None if wait is None else bounded_wait(wait),
        quotas=tuple(_texts(_of_kind(details, "QuotaFailure").get("violations"), "quotaId")),
        is_own=True,
    )


def _details(inner: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = inner.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping):
            yield detail


def _of_kind(details: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    wanted = f"type.googleapis.com/google.rpc.{name}"
    return next((detail for detail in details if detail.get("@type") == wanted), {})


def _texts(items: object, name: str) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        text = _text(item.get(name)) if isinstance(item, Mapping) else None
        if text is not None:
            yield text


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
