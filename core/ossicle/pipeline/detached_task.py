"""Work in a task of its own: neither a caller who leaves nor one who is cancelled ends it.

A shield of anyio holds off the cancellation of anyio's scopes. That of asyncio (`wait_for`,
`timeout`, `Task.cancel`) passes through it, and through waiting for a worker thread, whose work
goes on all the same and whose result nobody gets.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from anyio import to_thread

T = TypeVar("T")


class DetachedTask(Generic[T]):
    """One run of `make`, begun at once.

    Args:
        make: What is to be done.

    Attributes:
        ended: Set when it has come to its end.
        scope: To cancel it.
    """

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self.ended = anyio.Event()
        self.scope = anyio.CancelScope()
        self._make = make
        self._made: list[T] = []
        self._error: Exception | None = None
        self._task = _spawn(self._run)

    def outcome(self) -> T:
        """What was made; raises what it ended with."""
        if self._error is not None:
            raise self._error
        return self._made[0]

    async def _run(self) -> None:
        try:
            with self.scope:
                self._made.append(await self._make())
        except Exception as error:  # noqa: BLE001 - raised again in the caller that waits for it
            self._error = error
        finally:
            self.ended.set()


async def complete_in_thread(
    work: Callable[[], T], *, undo: Callable[[T], object] | None = None
) -> T:
    """What blocking work makes; it comes to its end, whatever becomes of the caller.

    Args:
        work: Runs in a worker thread. What it raises once the caller has left is forgotten.
        undo: Gets what was made, in a worker thread too, if the caller has left by then; `None`:
            it stays as it is.

    Raises:
        Exception: What `work` raised.
    """
    handover = _Handover(work, undo)
    task = DetachedTask(lambda: to_thread.run_sync(handover.make))
    try:
        with anyio.CancelScope(shield=True):
            await task.ended.wait()
    except BaseException:
        if handover.is_left():
            DetachedTask(lambda: to_thread.run_sync(handover.undo))
        raise
    task.outcome()
    return handover.made[0]


async def finish_in_thread(work: Callable[[], T]) -> T:
    """What blocking work makes; comes back only when it has ended, and raises cancellation then.

    For what the next caller would find half-done, such as a write to a store.

    Args:
        work: Short. What it raises once the caller was cancelled is forgotten.

    Raises:
        Exception: What `work` raised.
    """
    task = DetachedTask(lambda: to_thread.run_sync(work))
    cancelled: BaseException | None = None
    while not task.ended.is_set():
        try:
            with anyio.CancelScope(shield=True):
                await task.ended.wait()
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.outcome()


class _Handover(Generic[T]):
    """What a worker thread makes goes to the caller who still waits, or is undone; never neither.

    It is the thread that finds out, since the event loop may be at its end by then.
    """

    def __init__(self, work: Callable[[], T], undo: Callable[[T], object] | None) -> None:
        self._work, self._undo = work, undo
        self._lock = threading.Lock()
        self._has_left = False
        self.made: list[T] = []

    def make(self) -> None:
        made = self._work()
        with self._lock:
            self.made.append(made)
            has_left = self._has_left
        if has_left:
            self.undo()

    def is_left(self) -> bool:
        """Note that the caller has left; whether something was made that he did not take."""
        with self._lock:
            self._has_left = True
            return bool(self.made)

    def undo(self) -> None:
        if self._undo is not None:
            self._undo(self.made[0])


def _spawn(work: Callable[[], Awaitable[None]]) -> object:
    """Run it beside all callers; what is returned keeps it alive."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio

        return trio.lowlevel.spawn_system_task(work, context=contextvars.copy_context())
    return loop.create_task(_awaited(work))


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()
