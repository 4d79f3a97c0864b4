"""The vendor's error body, read without trust. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says.

    Attributes:
        code: The vendor's code, such as `quota_exceeded`.
        kind: The vendor's group of errors, such as `validation_error`.
        message: In words, unredacted.
        param: The parameter that is blamed.
        is_own: Whether the vendor wrote it, rather than something in between.

    Source:
        https://elevenlabs.io/docs/eleven-api/resources/errors: `detail` holds `type`, `code`,
        `message`, `param`; older answers have `status` in the place of `code`. A body that does
        not fit the schema is answered with 422 and a list (`HTTPValidationError`). Read 2026-11-26.
    """

    code: str | None = None
    kind: str | None = None
    message: str = ""
    param: str | None = None
    is_own: bool = False


def envelope_of_bytes(body: bytes) -> ErrorBody:
    """What an error reply's body says; whatever is not JSON was not written by the vendor."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorBody()
    return envelope_of(data) or ErrorBody()


def envelope_of(data: object) -> ErrorBody | None:
    """The error in JSON data, or `None` when it holds none."""
    detail = data.get("detail") if isinstance(data, Mapping) else None
    if isinstance(detail, str):
        return ErrorBody(message=detail, is_own=True)
    if isinstance(detail, list) and detail and isinstance(detail[0], Mapping):
        first = detail[0]
        where = first.get("loc")
        steps = [str(step) for step in where] if isinstance(where, list) else []
        param = ".".join(step for step in steps if step not in ("body", "query", "path"))
        return ErrorBody(
            code=_text(first.get("type")),
            kind="validation_error",
            message=_text(first.get("msg")) or "",
            param=param or None,
            is_own=True,
        )
    if not isinstance(detail, Mapping):
        return None
    return ErrorBody(
        code=_text(detail.get("code")) or _text(detail.get("status")),
        kind=_text(detail.get("type")),
        message=_text(detail.get("message")) or "",
        param=_text(detail.get("param")),
        is_own=True,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
