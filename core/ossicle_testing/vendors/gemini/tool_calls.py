"""Tool calls that need no model: which function is called, and with which arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ossicle_testing.vendors.gemini.generate_request import GenerateRequest
from ossicle_testing.vendors.gemini.state import State


def calls_of(state: State, asked: GenerateRequest) -> list[dict[str, Any]]:
    """The parts with the calls that the model makes.

    A forced or required call is made. Left free, the model calls the functions whose names the
    user just said (with spaces or underscores), and none right after a tool's result.
    """
    chosen = _chosen(asked)
    parts: list[dict[str, Any]] = []
    for function in chosen:
        schema = function.get("parametersJsonSchema") or function.get("parameters") or {}
        call = {"name": function["name"], "args": _sample({"type": "object", **schema}, asked)}
        if state.names_calls:
            call["id"] = state.new_id(digits=8)
        part: dict[str, Any] = {"functionCall": call}
        if asked.model.signs and not parts:
            # Of calls asked for together only the first is signed.
            part["thoughtSignature"] = state.sign(asked.model.id)
        parts.append(part)
    return parts


def _chosen(asked: GenerateRequest) -> Sequence[Mapping[str, Any]]:
    mode = asked.calling.get("mode", "AUTO")
    role, words = asked.turns[-1]
    if mode == "NONE" or not asked.tools:
        return []
    allowed = asked.calling.get("allowedFunctionNames")
    functions = [one for one in asked.tools if allowed is None or one["name"] in allowed]
    if mode == "ANY":
        return functions[:1]
    said = words.lower().replace("_", " ")
    return [
        one for one in functions
        if role == "user" and one["name"].lower().replace("_", " ") in said
    ]  # fmt: skip


def _sample(schema: Mapping[str, Any], asked: GenerateRequest) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if kind == "object":
        properties = schema.get("properties", {})
        names = schema.get("required", list(properties))
        return {name: _sample(properties.get(name, {}), asked) for name in names}
    if kind == "array":
        return [_sample(schema.get("items", {}), asked)]
    simple = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return simple.get(kind, asked.words)
