"""What becomes of the tool calls of an answer: checked, run by the application, or denied."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from anyio import to_thread
from pydantic import BaseModel

from ossicle.conversation.argument_schema import find_violation, unknown_keywords
from ossicle.conversation.schema_mistakes import find_mistakes
from ossicle.errors import ConfigurationError, InvalidReplyError
from ossicle.messages import Message, Tool, ToolCall, ToolResultPart

ToolCallback = Callable[[str, dict[str, Any]], object]
"""Runs a tool: its name and checked arguments in, its result out, or an awaitable of it. Text goes
to the model as it is, `None` as empty text, everything else as JSON. A plain function runs in a
worker thread, which goes on by itself when the turn has run out of time or was left. What it raises
ends the turn and passes through to the caller."""

_LOG = logging.getLogger("ossicle.conversation")


class Toolbox:
    """Answers tool calls.

    A call of an unknown tool, or with arguments that break the tool's schema, is answered with an
    error that the model can read; so is every call when there is no callback.

    Args:
        tools: What the model is offered.
        callback: Runs them; `None` denies every call.

    Raises:
        ConfigurationError: A schema uses keywords that cannot be checked, or values that they
            cannot have, or two tools share a name.
    """

    def __init__(self, tools: Sequence[Tool], callback: ToolCallback | None) -> None:
        self._tools = {tool.name: tool for tool in tools}
        if len(self._tools) < len(tools):
            raise ConfigurationError(
                "two tools have the same name", fix="Give every tool a name of its own."
            )
        self._callback = callback
        for tool in tools if callback is not None else ():
            unknown = unknown_keywords(tool.parameters)
            if unknown:
                raise ConfigurationError(
                    f"the schema of tool {tool.name!r} uses {sorted(unknown)}, which cannot be "
                    "checked",
                    fix="Write it without them, and check that in the tool itself.",
                )
            mistake = next(find_mistakes(tool.parameters), None)
            if mistake is not None:
                raise ConfigurationError(
                    f"the schema of tool {tool.name!r} is wrong: {mistake}", fix="Correct it there."
                )

    async def answer(self, calls: Sequence[ToolCall]) -> Message:
        """The results of all calls, in order, as one message."""
        return Message(role="tool", parts=tuple([await self._result(call) for call in calls]))

    async def _result(self, call: ToolCall) -> ToolResultPart:
        if self._callback is None:
            return _error(call, "denied: the application runs no tools")
        tool = self._tools.get(call.name)
        if tool is None:
            return _error(call, "there is no such tool")
        try:
            arguments = call.parsed()
        except InvalidReplyError:
            return _error(call, "the arguments are no JSON object")
        violation = find_violation(arguments, tool.parameters)
        if violation is not None:
            return _error(call, violation)
        found = await self._run(self._callback, call.name, arguments)
        try:
            return ToolResultPart(call_id=call.id, content=_as_text(found))
        except (TypeError, ValueError, RecursionError):
            # The tool has run: ending the turn would not undo it, and running it again may hurt.
            kind = type(found).__name__
            _LOG.warning("tool %r returned a %s, which is no text and no JSON", call.name, kind)
            return _error(call, f"the tool ran and returned a {kind}, which is no text and no JSON")

    async def _run(self, callback: ToolCallback, name: str, arguments: dict[str, Any]) -> object:
        if inspect.iscoroutinefunction(callback):
            found = await callback(name, arguments)
        else:
            # Nobody can stop a thread, but the turn must end when its time is over.
            found = await to_thread.run_sync(callback, name, arguments, abandon_on_cancel=True)
            if inspect.isawaitable(found):
                found = await found
        return found


def _as_text(found: object) -> str:
    if found is None:
        return ""
    if isinstance(found, str):
        return found.encode("utf-8", "replace").decode()
    if isinstance(found, BaseModel):
        return found.model_dump_json()
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _error(call: ToolCall, why: str) -> ToolResultPart:
    return ToolResultPart(call_id=call.id, content=f"error: {why}", is_error=True)
