"""The error body of a vendor, in any of the shapes that compatible servers use. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says.

    Attributes:
        message: In words, unredacted.
        code: The vendor's code.
        type: The vendor's kind.
        param: The parameter it blames.
        is_own: Whether the model's server wrote it, rather than something in between.
    """

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    is_own: bool = False


def envelope_of_bytes(body: bytes) -> ErrorBody:
    """What an error reply's body says; whatever is not JSON was not written by the vendor."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorBody()
    return envelope_of(data)


def envelope_of(data: object) -> ErrorBody:
    """What an error body says.

    Shapes: `{"error": {…}}` (OpenAI), flat `{"message", "type", "code"}` (vLLM), `{"error":
    "text"}`, `{"detail": …}` (FastAPI), `{"success": false, "error": {"issues": […]}}` (Zod at
    OpenRouter).
    """
    if not isinstance(data, Mapping):
        return ErrorBody()
    inner = data.get("error", data)
    if isinstance(inner, str):
        return ErrorBody(message=inner, is_own=True)
    if not isinstance(inner, Mapping):
        return ErrorBody()
    message = inner.get("message")
    if not isinstance(message, str):
        message = _detail(inner.get("detail")) or _detail(inner.get("issues"))
    code, kind = _text(inner.get("code")), _text(inner.get("type"))
    if not message and code is None and kind is None:
        return ErrorBody()
    return ErrorBody(
        message=message, code=code, type=kind, param=_text(inner.get("param")), is_own=True
    )


def error_in(data: object) -> ErrorBody | None:
    """The error that stands where an answer should, or `None` when it is none."""
    if not isinstance(data, Mapping):
        return None
    if data.get("error") or data.get("object") == "error":
        return envelope_of(data)
    return None


def _detail(value: object) -> str:
    """FastAPI's and Zod's lists of what is wrong, without the values."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    found = []
    for item in value[:3]:
        if isinstance(item, Mapping):
            where = item.get("loc") or item.get("path") or ()
            place = ".".join(str(step) for step in where) if isinstance(where, list) else ""
            text = _text(item.get("msg")) or _text(item.get("message")) or ""
            found.append(f"{place}: {text}" if place else text)
    return "; ".join(found)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
