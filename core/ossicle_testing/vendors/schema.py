"""What is wrong with a request body, by its vendor's JSON Schema, as facts that a vendor can word.

The package `jsonschema` (draft 2020-12) judges; this module finds the branch of an `anyOf` that was
meant, and says what is wrong without repeating what a text holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, cast

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

if TYPE_CHECKING:
    from jsonschema import ValidationError

Schema = Mapping[str, Any]
"""A JSON schema, as a mapping."""
Rule = Literal["missing", "unknown", "type", "value", "too_short", "too_long", "too_low",
               "too_high"]  # fmt: skip

_BOUNDS: Mapping[str, Rule] = {
    "minLength": "too_short", "maxLength": "too_long", "minItems": "too_short",
    "maxItems": "too_long", "minimum": "too_low", "maximum": "too_high",
}  # fmt: skip
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many({
    # As vendors read them: 1.0 is no integer, and what JSON cannot write is no number.
    "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda _, value: isinstance(value, int | float) and not isinstance(value, bool)
    and math.isfinite(value),
})  # fmt: skip
_STRICT = extend(Draft202012Validator, type_checker=_TYPES)
_LENIENT = extend(_STRICT, {"additionalProperties": lambda *facts: ()})


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
    return _said((_STRICT if is_strict else _LENIENT)(schema).iter_errors(value))


def first_problem(schema: Schema, value: Any, *, is_strict: bool = True) -> Problem | None:
    """The first thing wrong with `value`, or `None`."""
    return next(problems(schema, value, is_strict=is_strict), None)


def _said(errors: Iterable[ValidationError]) -> Iterator[Problem]:
    for error in errors:
        # The types of jsonschema allow for errors that were never filled in; validators fill them.
        rule, wanted = cast("str", error.validator), cast("Any", error.validator_value)
        path, instance = _path(error), cast("Any", error.instance)
        parent = cast("Schema", error.schema)
        match rule:
            case "anyOf":
                yield from _in_branch(error, path)
            case "type":
                names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
                yield Problem(path=path, rule="type", expected=names, found=_kind(instance))
            case "const" | "enum":
                allowed = [wanted] if rule == "const" else wanted
                yield _wrong_value(path, [item for item in allowed if item is not None], error)
            case "required":
                # One error for each name, which only its message holds.
                name = next(name for name in wanted if error.message.startswith(repr(name)))
                yield Problem(path=_below(path, name), rule="missing")
            case "additionalProperties":
                for name in instance:
                    if name not in parent.get("properties", {}):
                        yield Problem(path=_below(path, name), rule="unknown")
            case _:
                size = str(instance if isinstance(instance, int | float) else len(instance))
                yield Problem(path=path, rule=_BOUNDS[rule], expected=(str(wanted),), found=size)


def _in_branch(error: ValidationError, path: str) -> Iterator[Problem]:
    """What is wrong by the branch that was meant: which the value names, or whose type fits."""
    instance, branches = cast("Any", error.instance), cast("Any", error.validator_value)
    groups = [list(group) for _, group in groupby(error.context, lambda one: one.schema_path[0])]
    for tag in ("role", "type") if isinstance(instance, dict) else ():
        named: dict[str, int] = {}
        for index, branch in enumerate(branches):
            field = branch.get("properties", {}).get(tag, {})
            options = [field["const"]] if "const" in field else field.get("enum", ())
            named |= dict.fromkeys(options, index)
        if not named:
            continue
        value = instance.get(tag)
        if tag not in instance:
            yield Problem(path=_below(path, tag), rule="missing")
        elif isinstance(value, str) and value in named:
            yield from _said(groups[named[value]])
        else:
            yield Problem(path=_below(path, tag), rule="value", expected=tuple(named),
                          found=str(value)[:64])  # fmt: skip
        return
    said = [list(_said(group)) for group in groups]
    fitting = [one for one in said if (one[0].rule, one[0].path) != ("type", path)]
    if fitting:
        yield from fitting[0]
    else:
        expected = tuple(name for one in said for name in one[0].expected)
        yield Problem(path=path, rule="type", expected=expected, found=_kind(error.instance))


def _wrong_value(path: str, allowed: list[Any], error: ValidationError) -> Problem:
    expected = tuple(str(item) for item in allowed)
    return Problem(path=path, rule="value", expected=expected, found=str(error.instance)[:64])


def _path(error: ValidationError) -> str:
    text = ""
    for part in error.absolute_path:
        text = f"{text}[{part}]" if isinstance(part, int) else _below(text, part)
    return text


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: Any) -> str:
    names = ("boolean", "null", "string", "integer", "number", "array", "object")
    fitting = (name for name in names if _STRICT.TYPE_CHECKER.is_type(value, name))
    return next(fitting, "no finite number")
