"""Any plain function as a thinker."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, Literal

from anyio import to_thread

from ossicle.cascade.relay import closing
from ossicle.errors import OssicleError, ProviderError
from ossicle.messages import Message, Tool, ToolCall, ToolChoice

Piece = str | ToolCall
Thought = str | Iterable[Piece] | AsyncIterable[Piece] | Awaitable[str]
"""What a function may give: the whole answer, or its pieces, at once or in time."""


class CallableThinker:
    """Thinks with a function, plain or `async`, that returns text or generates pieces of it.

    A plain function and a plain generator run in a worker thread, so that they may compute or
    block. What the function raises comes out as a `ProviderError`, or as it is when it is an
    `OssicleError`.

    Args:
        function: Called once per answer.
        takes: What it is called with: the newest message's `"text"`, or all `"messages"`.

    Example:
        >>> CallableThinker(lambda text: f"You said: {text}").supports_tools
        False
    """

    supports_tools = False
    supports_instructions = False

    def __init__(
        self, function: Callable[[Any], Thought], *, takes: Literal["text", "messages"] = "text"
    ) -> None:
        self._function = function
        self._takes = takes

    async def think(
        self,
        messages: Sequence[Message],
        *,
        instructions: str | None = None,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice | None = None,
        max_output_tokens: int | None = None,
    ) -> AsyncIterator[Piece]:
        """What the function gives; see `Thinker.think`."""
        argument = messages[-1].text if self._takes == "text" else messages
        pieces = self._pieces(argument)
        async with closing(pieces):
            try:
                async for piece in pieces:
                    yield piece
            except OssicleError:
                raise
            except Exception as error:  # someone else's code: anything may come out of it
                raise ProviderError(
                    f"the function that thinks raised {type(error).__name__}",
                    provider="cascade",
                    billed=False,
                    fix="Correct the function; its own error is the cause of this one.",
                ) from error

    async def aclose(self) -> None:
        """Nothing to free."""

    async def _pieces(self, argument: object) -> AsyncIterator[Piece]:
        thought = await self._call(argument)
        if isinstance(thought, Awaitable):
            thought = await thought
        if isinstance(thought, str):
            yield thought
        elif isinstance(thought, AsyncIterable):
            steps = aiter(thought)
            async with closing(steps):
                async for piece in steps:
                    yield piece
        else:
            remaining = iter(thought)
            while (step := await to_thread.run_sync(next, remaining, None)) is not None:
                yield step

    async def _call(self, argument: object) -> Thought:
        if iscoroutinefunction(self._function) or isasyncgenfunction(self._function):
            return self._function(argument)
        return await to_thread.run_sync(partial(self._function, argument))
