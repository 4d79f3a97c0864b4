"""Whether a value fits a JSON Schema: the subset that tools' parameters are written in.

Source: JSON Schema draft 2020-12, validation and applicator vocabularies, read 2026-11-23.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default"}
    | {"examples", "deprecated", "format", "readOnly", "writeOnly"}
    | {"contentEncoding", "contentMediaType"}
)
MAX_DEPTH = 64

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: _is_number(value),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
}

TYPE_NAMES = frozenset(_TYPES)


def unknown_keywords(schema: Any, *, depth: int = 0) -> set[str]:
    """The keywords of a schema that `find_violation` does not check."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return set()
    found = {str(name) for name in schema} - _ANNOTATIONS - set(_CHECKS) - {"$ref"}
    for name in ("properties", "$defs", "definitions"):
        inner = schema.get(name)
        for part in inner.values() if isinstance(inner, Mapping) else ():
            found |= unknown_keywords(part, depth=depth + 1)
    for name in ("items", "additionalProperties", "not"):
        found |= unknown_keywords(schema.get(name), depth=depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        parts = schema.get(name)
        for part in parts if isinstance(parts, list | tuple) else ():
            found |= unknown_keywords(part, depth=depth + 1)
    return found


def find_violation(value: Any, schema: Any) -> str | None:
    """Where and how a value breaks a schema, without the value itself; `None` where it fits.

    Args:
        value: As `json.loads` gives it.
        schema: One in which `find_mistakes` finds none; references may point into its own `$defs`.
    """
    if _is_deep(value):
        return "the arguments: nested too deeply"
    return next(_Checker(schema).violations(value, schema, "the arguments", 0), None)


class _Checker:
    """Checks against one root schema."""

    def __init__(self, root: Any) -> None:
        self._root = root

    def violations(self, value: Any, schema: Any, where: str, depth: int) -> Iterator[str]:
        if depth > MAX_DEPTH:
            yield f"{where}: nested too deeply"
            return
        if schema is False:
            yield f"{where}: not allowed"
        if not isinstance(schema, Mapping):
            return
        if "$ref" in schema:
            yield from self.violations(value, self._resolve(schema["$ref"]), where, depth + 1)
        for name, check in _CHECKS.items():
            if name in schema:
                yield from check(self, value, schema, where, depth)

    def fits(self, value: Any, schema: Any, depth: int) -> bool:
        return next(self.violations(value, schema, "", depth + 1), None) is None

    def _resolve(self, reference: Any) -> Any:
        target = self._root
        if not isinstance(reference, str) or not reference.startswith("#"):
            return False
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or name not in target:
                return False
            target = target[name]
        return target


_Check = Callable[[_Checker, Any, Mapping[str, Any], str, int], Iterator[str]]


def _type(_: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int) -> Iterator[str]:
    wanted = schema["type"]
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if not any(_TYPES[name](value) for name in names if name in _TYPES):
        yield f"{where}: should be of type {' or '.join(names)}"


def _enum(_: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int) -> Iterator[str]:
    if _key(value) not in {_key(allowed) for allowed in schema["enum"]}:
        yield f"{where}: is none of the allowed values"


def _const(
    _: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int
) -> Iterator[str]:
    if _key(value) != _key(schema["const"]):
        yield f"{where}: is not the only allowed value"


def _object(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    known = schema.get("properties", {})
    for name, inner in value.items():
        if name in known:
            yield from checker.violations(inner, known[name], f"{where}.{name}", depth + 1)


def _extra(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    extra = schema["additionalProperties"]
    for name in set(value) - set(schema.get("properties", {})):
        if not checker.fits(value[name], extra, depth):
            yield f"{where}: holds a field that is not allowed"


def _required(
    _: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int
) -> Iterator[str]:
    if isinstance(value, dict):
        for name in schema["required"]:
            if name not in value:
                yield f"{where}: {name} is missing"


def _items(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from checker.violations(inner, schema["items"], f"{where}[{index}]", depth + 1)


def _unique(
    _: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int
) -> Iterator[str]:
    if not schema["uniqueItems"] or not isinstance(value, list):
        return
    if len({_key(one) for one in value}) < len(value):
        yield f"{where}: holds a value twice"


def _bound(name: str, kind: str, is_broken: Callable[[Any, Any], bool]) -> _Check:
    def check(
        _: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int
    ) -> Iterator[str]:
        if kind == "number" and _is_number(value):
            broken = is_broken(value, schema[name])
        elif kind != "number" and _TYPES[kind](value):
            broken = is_broken(len(value), schema[name])
        else:
            return
        if broken:
            yield f"{where}: breaks {name} of {schema[name]}"

    return check


def _pattern(
    _: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int
) -> Iterator[str]:
    if isinstance(value, str) and re.search(schema["pattern"], value) is None:
        yield f"{where}: does not match the pattern"


def _multiple(
    _: _Checker, value: Any, schema: Mapping[str, Any], where: str, __: int
) -> Iterator[str]:
    step = schema["multipleOf"]
    if _is_number(value) and (_fraction(value) / _fraction(step)).denominator != 1:
        yield f"{where}: is no multiple of {step}"


def _all(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    for part in schema["allOf"]:
        yield from checker.violations(value, part, where, depth + 1)


def _any(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    if not any(checker.fits(value, part, depth) for part in schema["anyOf"]):
        yield f"{where}: fits none of the allowed forms"


def _one(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    if sum(checker.fits(value, part, depth) for part in schema["oneOf"]) != 1:
        yield f"{where}: does not fit exactly one of the allowed forms"


def _not(
    checker: _Checker, value: Any, schema: Mapping[str, Any], where: str, depth: int
) -> Iterator[str]:
    if checker.fits(value, schema["not"], depth):
        yield f"{where}: has a form that is not allowed"


def _is_number(value: Any) -> bool:
    """Whether it is one of JSON's, which Python reads `NaN` and `1e999` beside."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _fraction(value: float) -> Fraction:
    """The number as it was written: 0.01 is a hundredth, and not the float next to it."""
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def _key(value: Any) -> object:
    """Something hashable that is equal where two values are as JSON: 1.0 is 1, `true` is not."""
    if isinstance(value, list | tuple):
        return "array", tuple(map(_key, value))
    if isinstance(value, Mapping):
        return "object", frozenset((name, _key(inner)) for name, inner in value.items())
    return isinstance(value, bool), value


def _is_deep(value: Any) -> bool:
    """Whether it is nested so deeply that following it down may exhaust the stack."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


_CHECKS: Mapping[str, _Check] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _object,
    "additionalProperties": _extra,
    "items": _items,
    "uniqueItems": _unique,
    "minItems": _bound("minItems", "array", lambda size, bound: size < bound),
    "maxItems": _bound("maxItems", "array", lambda size, bound: size > bound),
    "minLength": _bound("minLength", "string", lambda size, bound: size < bound),
    "maxLength": _bound("maxLength", "string", lambda size, bound: size > bound),
    "minProperties": _bound("minProperties", "object", lambda size, bound: size < bound),
    "maxProperties": _bound("maxProperties", "object", lambda size, bound: size > bound),
    "minimum": _bound("minimum", "number", lambda value, bound: value < bound),
    "maximum": _bound("maximum", "number", lambda value, bound: value > bound),
    "exclusiveMinimum": _bound("exclusiveMinimum", "number", lambda value, bound: value <= bound),
    "exclusiveMaximum": _bound("exclusiveMaximum", "number", lambda value, bound: value >= bound),
    "multipleOf": _multiple,
    "pattern": _pattern,
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "not": _not,
}
