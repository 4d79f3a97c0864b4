"""Blocking work that is waited for to its end, whoever cancels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

T = TypeVar("T")


async def finish_in_thread(work: Callable[[], T]) -> T:
    """What blocking work makes; comes back only when it has ended, and raises cancellation then.

    A shield holds off the cancellation of anyio and trio. That of asyncio (`wait_for`, `timeout`,
    `Task.cancel`) passes through it and leaves the thread behind, still at work on what the next
    one would find half-done. So under asyncio the thread is waited for in a task that nobody
    cancels.

    Args:
        work: Short, such as a write.
    """
    loop = _asyncio_loop()
    if loop is None:
        with anyio.CancelScope(shield=True):
            return await to_thread.run_sync(work)
        raise AssertionError("unreachable: nobody cancels this scope")
    task = loop.create_task(_in_thread(work))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            with anyio.CancelScope(shield=True):
                await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # For a caller who is there: what was not written the next one writes.
    raise cancelled


async def _in_thread(work: Callable[[], T]) -> T:
    return await to_thread.run_sync(work)


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # of trio
        return None
