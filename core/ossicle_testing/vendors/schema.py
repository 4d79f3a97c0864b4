"""Request bodies as a vendor documents them, and a small checker that says what is wrong.

The schemas are JSON Schema (draft 2020-12, a subset: `type`, `enum`, `const`, `required`,
`properties`, `additionalProperties`, `items`, `anyOf` and the bounds), so another validator can
read them too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Schema = Mapping[str, Any]
Rule = Literal["missing", "unknown", "type", "value", "too_short", "too_long", "too_low",
               "too_high", "pattern"]  # fmt: skip

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,),
    "number": (int, float), "boolean": (bool,), "null": (type(None),),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a request body.

    Attributes:
        path: Where, as the vendor writes it: `messages[0].content[1].input_audio.data`.
        rule: Which rule is broken.
        expected: What would be right: the allowed values, the type, or the bound.
        found: The type or value found, in words; never the contents of a text.
    """

    path: str
    rule: Rule
    expected: tuple[str, ...] = ()
    found: str = ""


def problems(schema: Schema, value: Any, *, is_strict: bool = True) -> Iterator[Problem]:
    """Everything wrong with `value`, in the order of the schema.

    Args:
        schema: What it should be.
        value: Parsed JSON.
        is_strict: Whether fields that the schema does not know are a problem.
    """
    return _check(schema, value, "", is_strict)


def first_problem(schema: Schema, value: Any, *, is_strict: bool = True) -> Problem | None:
    """The first thing wrong with `value`, or `None`."""
    return next(problems(schema, value, is_strict=is_strict), None)


def _check(schema: Schema, value: Any, path: str, is_strict: bool) -> Iterator[Problem]:
    if "anyOf" in schema:
        yield from _check_any(schema["anyOf"], value, path, is_strict)
        return
    if "type" in schema and not _is_type(value, schema["type"]):
        yield Problem(path=path, rule="type", expected=_names(schema["type"]), found=_kind(value))
        return
    allowed = [schema["const"]] if "const" in schema else schema.get("enum")
    if allowed is not None and not any(value is v or (value == v and type(value) is type(v))
                                       for v in allowed):  # fmt: skip
        expected = tuple(str(item) for item in allowed if item is not None)
        yield Problem(path=path, rule="value", expected=expected, found=str(value)[:64])
    if isinstance(value, dict):
        yield from _check_object(schema, value, path, is_strict)
    elif isinstance(value, list):
        yield from _check_bounds(schema, len(value), path, ("minItems", "maxItems"))
        for index, item in enumerate(value):
            yield from _check(schema.get("items", {}), item, f"{path}[{index}]", is_strict)
    elif isinstance(value, str):
        yield from _check_bounds(schema, len(value), path, ("minLength", "maxLength"))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _check_number(schema, value, path)


def _check_object(
    schema: Schema, value: dict[str, Any], path: str, is_strict: bool
) -> Iterator[Problem]:
    inside = f"{path}." if path else ""
    for name in schema.get("required", ()):
        if name not in value:
            yield Problem(path=f"{inside}{name}", rule="missing")
    known = schema.get("properties", {})
    for name, item in value.items():
        if name in known:
            yield from _check(known[name], item, f"{inside}{name}", is_strict)
        elif schema.get("additionalProperties") is False and is_strict:
            yield Problem(path=f"{inside}{name}", rule="unknown")


def _check_any(branches: list[Schema], value: Any, path: str, is_strict: bool) -> Iterator[Problem]:
    found = [list(_check(branch, value, path, is_strict)) for branch in branches]
    if any(not group for group in found):
        return
    tagged = _check_tag(branches, value, path)
    if isinstance(tagged, Problem):
        yield tagged
    elif tagged is not None:
        yield from found[tagged]
    elif all(group[0].rule == "type" and group[0].path == path for group in found):
        expected = tuple(name for group in found for name in group[0].expected)
        yield Problem(path=path, rule="type", expected=expected, found=_kind(value))
    else:
        # The branch that fits the value's type is the one that was meant.
        yield from next(
            group for group in found if not (group[0].rule == "type" and group[0].path == path)
        )


def _check_tag(branches: list[Schema], value: Any, path: str) -> Problem | int | None:
    """The branch that the value names by its `type` or `role`; a problem if there is none."""
    if not isinstance(value, dict):
        return None
    inside = f"{path}." if path else ""
    for tag in ("role", "type"):
        names: dict[str, int] = {}
        for index, branch in enumerate(branches):
            field = branch.get("properties", {}).get(tag, {})
            options = [field["const"]] if "const" in field else field.get("enum", ())
            names |= dict.fromkeys(options, index)
        if not names:
            continue
        if tag not in value:
            return Problem(path=f"{inside}{tag}", rule="missing")
        named = value[tag]
        if isinstance(named, str) and named in names:
            return names[named]
        return Problem(
            path=f"{inside}{tag}", rule="value", expected=tuple(names), found=str(named)[:64]
        )
    return None


def _check_number(schema: Schema, value: float, path: str) -> Iterator[Problem]:
    if not math.isfinite(value):
        yield Problem(path=path, rule="type", expected=("number",), found="no finite number")
    if "minimum" in schema and value < schema["minimum"]:
        yield Problem(
            path=path, rule="too_low", expected=(str(schema["minimum"]),), found=str(value)
        )
    if "maximum" in schema and value > schema["maximum"]:
        yield Problem(
            path=path, rule="too_high", expected=(str(schema["maximum"]),), found=str(value)
        )


def _check_bounds(
    schema: Schema, length: int, path: str, names: tuple[str, str]
) -> Iterator[Problem]:
    low, high = (schema.get(name) for name in names)
    if low is not None and length < low:
        yield Problem(path=path, rule="too_short", expected=(str(low),), found=str(length))
    if high is not None and length > high:
        yield Problem(path=path, rule="too_long", expected=(str(high),), found=str(length))


def _names(types: str | list[str]) -> tuple[str, ...]:
    return (types,) if isinstance(types, str) else tuple(types)


def _is_type(value: Any, types: str | list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in _names(types)
    return any(isinstance(value, _TYPES[name]) for name in _names(types))


def _kind(value: Any) -> str:
    for name in ("boolean", "null", "string", "integer", "number", "array", "object"):
        if _is_type(value, name):
            return name
    return type(value).__name__
