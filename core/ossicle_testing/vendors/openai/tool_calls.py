"""Tool calls that need no model: which function is called, and with which arguments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ossicle_testing.vendors.openai.chat_history import History
from ossicle_testing.vendors.openai.chat_request import ChatRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """One call.

    Attributes:
        id: Of the call.
        name: Of the function.
        arguments: JSON text.
    """

    id: str
    name: str
    arguments: str


def pick_tools(chat: ChatRequest, history: History) -> list[dict[str, Any]]:
    """The functions that the model calls.

    A forced or required call is made. Left free, the model calls the functions whose names the
    user just said (with spaces or underscores), and none right after a tool's result.
    """
    functions = [tool["function"] for tool in chat.tools]
    role, words = history.turns[-1]
    if chat.tool_choice == "none" or not functions:
        return []
    if chat.tool_choice == "auto":
        said = words.lower().replace("_", " ")
        return [
            function
            for function in functions
            if role == "user" and function["name"].lower().replace("_", " ") in said
        ]
    if chat.tool_choice == "required":
        return functions[:1]
    return [function for function in functions if function["name"] == chat.tool_choice]


def sample_arguments(function: dict[str, Any], words: str) -> str:
    """Arguments that satisfy the function's schema, with the user's words as every string."""
    schema = function.get("parameters") or {}
    return json.dumps(_sample({"type": "object", **schema}, words), ensure_ascii=False)


def _sample(schema: dict[str, Any], words: str) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties", {})
        names = schema.get("required", list(properties))
        return {name: _sample(properties.get(name, {}), words) for name in names}
    if kind == "array":
        return [_sample(schema.get("items", {}), words)]
    simple = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return simple.get(kind, words)
