"""The deterministic brain of the local assistant."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence

from ossicle.messages import (
    Message,
    Tool,
    ToolCall,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
)
from ossicle_local.rules import Conversation, answer
from ossicle_local.tools import arguments_for, chosen_tool


class RuleBrain:
    """Answers by rules: no model, no network, the same words for the same question.

    It knows the time, some arithmetic, what was said before and what the user told about himself
    or herself; it calls tools by name (see `ossicle_local.tools`), reads their results out, and
    repeats what it has no rule for.

    Args:
        now: The clock.
    """

    supports_tools = True
    supports_instructions = True

    def __init__(self, *, now: Callable[[], datetime.datetime] = datetime.datetime.now) -> None:
        self._now = now

    async def think(
        self,
        messages: Sequence[Message],
        *,
        instructions: str | None = None,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice | None = None,
        max_output_tokens: int | None = None,
    ) -> AsyncIterator[str | ToolCall]:
        """One tool call, or the answer word by word; see `LanguageModel.think`."""
        newest = messages[-1]
        results = [part for part in newest.parts if isinstance(part, ToolResultPart)]
        text = newest.text
        tool = None if results else chosen_tool(text, tools=tools, choice=tool_choice)
        if tool is not None:
            yield ToolCall(
                id=f"call_{_calls_before(messages) + 1}",
                name=tool.name,
                arguments=arguments_for(tool, text),
            )
            return
        if results:
            reply = " ".join(_result_in_words(result) for result in results)
        else:
            reply = answer(self._conversation(messages, instructions))
        for word in re.findall(r"\S+\s*|\s+", reply):
            yield word

    async def aclose(self) -> None:
        """Nothing to free."""

    def _conversation(self, messages: Sequence[Message], instructions: str | None) -> Conversation:
        def texts(role: str) -> list[str]:
            earlier = (message.text for message in messages[:-1] if message.role == role)
            return [text for text in earlier if text.strip()]

        return Conversation(
            text=messages[-1].text,
            said=texts("user"),
            answered=texts("assistant"),
            instructions=instructions or "",
            now=self._now(),
        )


def _calls_before(messages: Sequence[Message]) -> int:
    return sum(isinstance(part, ToolCallPart) for message in messages for part in message.parts)


def _result_in_words(result: ToolResultPart) -> str:
    """A tool's result as a sentence; the fields of a JSON object one after the other."""
    if result.is_error:
        return "The tool failed."
    content = result.content.strip()
    try:
        value = json.loads(content)
    except ValueError:
        value = content
    if isinstance(value, dict):
        value = ", ".join(f"{name.replace('_', ' ')} is {field}" for name, field in value.items())
    text = str(value).strip()
    return f"The result: {text}{'' if text.endswith(('.', '!', '?')) else '.'}"
