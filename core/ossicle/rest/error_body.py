"""What a vendor's error says, in one form for all vendors. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ossicle.rest.json_values import mappings_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says.

    Attributes:
        code: The vendor's code, such as `quota_exceeded`.
        kind: The vendor's group of errors, such as `validation_error`.
        message: In words, unredacted.
        param: The parameter that is blamed.
        status: The HTTP status that the body itself names.
        retry_after_s: Seconds that the body itself asks to wait.
        marks: Whatever else the vendor's `ErrorLadder` knows by name.
        is_own: Whether the vendor wrote it, rather than something in between.

    Example:
        >>> ErrorBody(code="quota_exceeded", message="No.", is_own=True).code
        'quota_exceeded'
    """

    code: str | None = None
    kind: str | None = None
    message: str = ""
    param: str | None = None
    status: int | None = None
    retry_after_s: float | None = None
    marks: frozenset[str] = frozenset()
    is_own: bool = False


def field_errors(value: object) -> ErrorBody | None:
    """The error of a list of wrong fields, as FastAPI, pydantic and Zod write it.

    Args:
        value: The list: objects with `loc` or `path`, and `msg` or `message`.

    Returns:
        The first three in words, without the values; `None` where it is no such list.

    Example:
        >>> field_errors([{"loc": ["body", "voice"], "msg": "bad"}]).message
        'body.voice: bad'
    """
    items = mappings_of(value)
    if not items:
        return None
    found = []
    for item in items[:3]:
        place = ".".join(_steps(item))
        text = text_of(item.get("msg")) or text_of(item.get("message")) or ""
        found.append(f"{place}: {text}" if place else text)
    blamed = [step for step in _steps(items[0]) if step not in ("body", "query", "path")]
    return ErrorBody(
        code=text_of(items[0].get("type")),
        kind="validation_error",
        message="; ".join(found),
        param=".".join(blamed) or None,
        is_own=True,
    )


def _steps(item: Mapping[str, object]) -> list[str]:
    where = item.get("loc") or item.get("path")
    return [str(step) for step in where] if isinstance(where, list) else []
