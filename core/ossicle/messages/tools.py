"""Function tools: what the model may call, what it called, what came back."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from ossicle.errors import InvalidReplyError
from ossicle.messages.value import Value

TOOL_NAME = r"^[A-Za-z0-9_-]{1,64}$"
"""Source: OpenAI API reference, chat completions, `tools[].function.name`, read 2026-11-22."""


class Tool(Value):
    """A function the model may ask the application to call.

    Attributes:
        name: Letters, digits, `_` and `-`, at most 64.
        description: When and how to use it, for the model.
        parameters: JSON Schema of the arguments object.
        strict: Whether the vendor shall guarantee the schema, where it can; `None` is its default.
    """

    name: str = Field(pattern=TOOL_NAME)
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool | None = None


class ToolCall(Value):
    """A call the model asks for.

    Attributes:
        id: The vendor's id, to be named in the result.
        name: Which tool.
        arguments: JSON text as the model wrote it; untrusted.
    """

    id: str
    name: str
    arguments: str = "{}"

    def parsed(self) -> dict[str, Any]:
        """The arguments as a dictionary.

        Raises:
            InvalidReplyError: The model wrote no JSON object.
        """
        try:
            value = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError) as error:  # nested deeper than JSON is read
            raise InvalidReplyError(
                f"the arguments of tool call {self.name!r} are not JSON",
                provider="model",
                fix="Answer the call with an error result, or ask again.",
            ) from error
        if not isinstance(value, dict):
            raise InvalidReplyError(
                f"the arguments of tool call {self.name!r} are no JSON object", provider="model"
            )
        return value


class NamedTool(Value):
    """A tool choice that forces one tool."""

    name: str = Field(pattern=TOOL_NAME)


ToolChoice = Literal["auto", "none", "required"] | NamedTool
"""Whether the model may, must not or must call a tool, or which one it must call."""
