"""A producer that runs ahead of its consumer, by a bounded queue, for use in async generators."""

from __future__ import annotations

import contextlib
import contextvars
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectSendStream

Item = TypeVar("Item")
Produce = Callable[[MemoryObjectSendStream[Item]], Awaitable[None]]


async def relay(produce: Produce[Item], *, max_items: int = 16) -> AsyncIterator[Item]:
    """Yield what a producer sends while it already works on what comes next.

    The producer runs in a task of its own. A task group around the `yield` would not do: its
    cancel scope would be left open in the consumer, who may enter and leave scopes of its own
    between two items (`fail_after` around each), and the two would not nest. The task never
    outlives the generator: closing it, or leaving it by an error, cancels the task and waits.

    Args:
        produce: Sends items and returns; it may use task groups. Its error is raised here, after
            the items sent before it, bare even when it comes out of nested task groups.
        max_items: How far the producer may run ahead.
    """
    send, receive = anyio.create_memory_object_stream[Item](max_items)
    run = _Run(produce, send)
    run.start()
    try:
        with receive:
            async for item in receive:
                yield item
    finally:
        await run.stop()
    if run.error is not None:
        raise run.error


@contextlib.asynccontextmanager
async def closing(items: AsyncIterator[Item]) -> AsyncIterator[AsyncIterator[Item]]:
    """Close an iterator at the end, when it is one that can be closed, such as a generator."""
    try:
        yield items
    finally:
        close: Callable[[], Awaitable[None]] | None = getattr(items, "aclose", None)
        if close is not None:
            await close()


class _Run(Generic[Item]):
    """One producer's task and how it ended."""

    def __init__(self, produce: Produce[Item], send: MemoryObjectSendStream[Item]) -> None:
        self.error: Exception | None = None
        self._produce = produce
        self._send = send
        self._scope = anyio.CancelScope()
        self._done = anyio.Event()
        self._task: object = None

    def start(self) -> None:
        self._task = _spawn(self._body())

    async def stop(self) -> None:
        with anyio.CancelScope(shield=True):
            self._scope.cancel()
            await self._done.wait()

    async def _body(self) -> None:
        try:
            with self._scope:
                await self._produce(self._send)
        except Exception as error:  # noqa: BLE001 - handed over and raised in the consumer's task
            self.error = _bare(error)
        finally:
            self._send.close()
            self._done.set()


def _bare(error: Exception) -> Exception:
    """The first error inside nested groups of errors."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _spawn(body: Coroutine[Any, Any, None]) -> object:
    """Start a task that belongs to no task group; the caller keeps what is returned."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():

        async def run() -> None:
            await body

        # Without the copy the task would not see the caller's context variables.
        return trio.lowlevel.spawn_system_task(run, context=contextvars.copy_context())
    import asyncio

    return asyncio.get_running_loop().create_task(body)
