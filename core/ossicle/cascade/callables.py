"""Any plain function as a language model."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, Literal

from ossicle.cascade.relay import closing
from ossicle.cascade.stages import Piece
from ossicle.cascade.threads import End, ThreadedSteps
from ossicle.errors import OssicleError, ProviderError
from ossicle.messages import Message, Tool, ToolChoice

Thought = str | Iterable[Piece] | AsyncIterable[Piece] | Awaitable[str]
"""What a function may give: the whole answer, or its pieces, at once or in time."""


class CallableThinker:
    """Thinks with a function, plain or `async`, that returns text or generates pieces of it.

    A plain function and a plain generator run in a worker thread, so that they may compute or
    block. A thread cannot be stopped: when the time is up or the caller has left, the step under
    way runs to its end unheeded, and then the generator is closed, in that thread. A generator that
    is not read to its end is closed in any case. What the function raises, or gives that is
    neither text nor a tool call, comes out as a `ProviderError`; an `OssicleError` as it is.

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
        """What the function gives; see `LanguageModel.think`."""
        argument = messages[-1].text if self._takes == "text" else messages
        pieces = self._pieces(argument)
        try:
            async with closing(pieces):
                async for piece in pieces:
                    if not isinstance(piece, Piece):
                        raise self._not_a_piece(piece)
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

    async def _pieces(self, argument: object) -> AsyncIterator[object]:
        steps = ThreadedSteps()
        try:
            thought = await self._call(argument, steps)
            if isinstance(thought, Awaitable):
                thought = await thought
            if isinstance(thought, Piece):
                yield thought
            elif isinstance(thought, AsyncIterable):
                items = aiter(thought)
                async with closing(items):
                    async for piece in items:
                        yield piece
            elif isinstance(thought, Iterable) and not isinstance(thought, bytes | bytearray):
                remaining = await steps.call(partial(iter, thought))
                while (piece := await steps.next(remaining)) is not End.END:
                    yield piece
            else:
                raise self._not_a_piece(thought)
        finally:
            await steps.leave()

    async def _call(self, argument: object, steps: ThreadedSteps) -> object:
        if iscoroutinefunction(self._function) or isasyncgenfunction(self._function):
            return self._function(argument)
        return await steps.call(partial(self._function, argument))

    def _not_a_piece(self, found: object) -> ProviderError:
        return ProviderError(
            f"the function that thinks gave {type(found).__name__} where text was due",
            provider="cascade",
            billed=False,
            fix="Return a str, or yield pieces of it and tool calls.",
        )
