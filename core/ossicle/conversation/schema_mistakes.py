"""What is wrong with a tool's schema itself, found before a model is asked and not when it answers.

Source: JSON Schema draft 2020-12, validation and applicator vocabularies, read 2026-11-23.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ossicle.conversation.argument_schema import MAX_DEPTH, TYPE_NAMES


def find_mistakes(schema: Any, *, where: str = "#", depth: int = 0) -> Iterator[str]:
    """Where and how the values of a schema's keywords are none that could be checked against.

    Args:
        schema: As `json.loads` gives it.
        where: The place of this part in the whole, as a JSON pointer.
        depth: How deep that is.
    """
    if not isinstance(schema, Mapping):
        if not isinstance(schema, bool):
            yield f"{where} is no schema"
        return
    if depth > MAX_DEPTH:
        yield f"{where} is nested too deeply"
        return
    for name, (is_right, wanted) in _WANTED.items():
        if name in schema and not is_right(schema[name]):
            yield f"{where}/{name} should be {wanted}"
    for name in ("properties", "$defs", "definitions"):
        inner = schema.get(name, {})
        if not isinstance(inner, Mapping):
            yield f"{where}/{name} should be an object"
            continue
        for key, part in inner.items():
            yield from find_mistakes(part, where=f"{where}/{name}/{key}", depth=depth + 1)
    for name in ("items", "additionalProperties", "not"):
        if name in schema:
            yield from find_mistakes(schema[name], where=f"{where}/{name}", depth=depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        for part in schema[name] if isinstance(schema.get(name), list | tuple) else ():
            yield from find_mistakes(part, where=f"{where}/{name}", depth=depth + 1)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return isinstance(value, str)


def _is_type(value: Any) -> bool:
    names = [value] if isinstance(value, str) else value
    return isinstance(names, list | tuple) and all(
        isinstance(name, str) and name in TYPE_NAMES for name in names
    )


def _are_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


_NUMBER = (_is_number, "a number")
_COUNT = (lambda value: _is_number(value) and value >= 0 and value == int(value), "a count")
_LIST = (lambda value: isinstance(value, list | tuple), "a list")
_SCHEMAS = (lambda value: isinstance(value, list | tuple) and len(value) > 0, "a list of schemas")

_WANTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "type": (_is_type, f"one or more of {', '.join(sorted(TYPE_NAMES))}"),
    "enum": _LIST,
    "required": (_are_names, "a list of names"),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "minProperties": _COUNT,
    "maxProperties": _COUNT,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "pattern": (_is_pattern, "a regular expression of Python's"),
    "allOf": _SCHEMAS,
    "anyOf": _SCHEMAS,
    "oneOf": _SCHEMAS,
}
