"""How the rule brain uses tools: by the words of their names, with arguments out of the text.

A tool is called when all telling words of its name (`get_weather`: "weather") occur in the request.
Its arguments are filled in the order of its schema's properties:

- a property with `enum`: the first of its values that occurs in the request;
- `integer`, `number`: the next number of the request;
- `boolean`: false if the request holds "off", "no", "not" or "disable", else true;
- `string`: what follows the property's own name in the request; else, for the first such property,
  what follows the last "in", "for", "at", "to", "of", "on", "about", "named" or "called".

A required property for which nothing is found gets the first `enum` value, 0, the whole request,
`[]` or `{}`; another one is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ossicle.messages import NamedTool, Tool, ToolChoice
from ossicle_local.numbers import find_numbers

_GENERIC = frozenset({
    "get", "fetch", "find", "set", "run", "do", "call", "make", "tool", "the", "a", "an", "of",
    "for", "by", "to", "in", "my", "current", "look", "up", "lookup", "search", "show", "tell",
})  # fmt: skip
_PREPOSITION = re.compile(
    r".*\b(?:in|for|at|to|of|on|about|named|called)\s+(\S[^.!?]*)", re.IGNORECASE | re.DOTALL
)
_NEGATION = re.compile(r"\b(?:off|no|not|disable)\b", re.IGNORECASE)


def chosen_tool(text: str, *, tools: Sequence[Tool], choice: ToolChoice | None) -> Tool | None:
    """The tool that a request asks for, or `None`."""
    if choice == "none" or not tools:
        return None
    if isinstance(choice, NamedTool):
        return next((tool for tool in tools if tool.name == choice.name), None)
    words = _words(text)
    for tool in tools:
        if all(name in words or f"{name}s" in words for name in _telling_words(tool.name)):
            return tool
    return tools[0] if choice == "required" else None


def arguments_for(tool: Tool, text: str) -> str:
    """The arguments of a call as JSON text; see the module's description."""
    schema = tool.parameters
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = frozenset(schema.get("required") or ())
    numbers = (found.value for found in find_numbers(text))
    phrases = _phrases(text)
    arguments: dict[str, Any] = {}
    for name, rule in properties.items():
        rule = rule if isinstance(rule, Mapping) else {}
        value = _value(name, rule, text=text, numbers=numbers, phrases=phrases)
        if value is None and name in required:
            value = _stand_in(rule, text)
        if value is not None:
            arguments[name] = value
    return json.dumps(arguments, ensure_ascii=False)


def _value(
    name: str,
    rule: Mapping[str, Any],
    *,
    text: str,
    numbers: Iterator[float],
    phrases: Iterator[str],
) -> Any:
    kind = rule.get("type", "string")
    if options := rule.get("enum"):
        return next((option for option in options if _occurs(str(option), text)), None)
    if kind in ("integer", "number"):
        number = next(numbers, None)
        return int(number) if number is not None and kind == "integer" else number
    if kind == "boolean":
        return _NEGATION.search(text) is None
    if kind != "string":
        return None
    own_name = re.escape(name.replace("_", " "))
    named = re.search(rf"\b{own_name}(?: is| of|:)?\s+(\S[^.!?,]*)", text, re.IGNORECASE)
    return named[1].strip() if named else next(phrases, None)


def _stand_in(rule: Mapping[str, Any], text: str) -> Any:
    if options := rule.get("enum"):
        return options[0]
    kind = rule.get("type", "string")
    return {"integer": 0, "number": 0, "array": [], "object": {}}.get(str(kind), text.strip())


def _phrases(text: str) -> Iterator[str]:
    found = _PREPOSITION.match(text)
    if found:
        yield found[1].strip()


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.lower()))


def _telling_words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = [word.lower() for word in re.findall(r"[^\W_]+", spaced)]
    return [word for word in words if word not in _GENERIC] or words


def _occurs(option: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(option)}\b", text, re.IGNORECASE) is not None
