"""Plain code in worker threads that a cancelled caller leaves behind instead of waiting for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Iterator
from enum import Enum
from typing import Literal, Protocol, TypeGuard, TypeVar

import anyio
from anyio import to_thread

T = TypeVar("T")

CLOSE_LIMIT_S = 1.0
"""How long closing is waited for; the thread goes on closing afterwards."""


class End(Enum):
    """The end of an iterator, told apart from one that gives `None`."""

    END = "end"


class _Closable(Protocol):
    def close(self) -> object: ...


class ThreadedSteps:
    """Calls a function, then its iterator's steps, one at a time, each in a worker thread.

    A thread cannot be stopped. Who is cancelled while a step runs leaves at once, and that
    thread itself, once its step returns, closes what the function made: nothing of it is shared
    between two threads, and nothing stays open. The owner calls `leave` on every path.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: list[object] = []
        self._is_running = self._is_left = False

    async def call(self, function: Callable[[], T]) -> T:
        """What the function returns; it is closed when the owner leaves, where it can be."""

        def work() -> T:
            made = function()
            self._made.append(made)
            return made

        return await to_thread.run_sync(self._guarded, work, abandon_on_cancel=True)

    async def next(self, items: Iterator[T]) -> T | Literal[End.END]:
        """The next item of an iterator, or `End.END`."""

        def work() -> T | Literal[End.END]:
            return next(items, End.END)

        return await to_thread.run_sync(self._guarded, work, abandon_on_cancel=True)

    async def leave(self) -> None:
        """Close what was made, now or when the step under way returns; twice is harmless."""
        with self._lock:
            self._is_left = True
            if self._is_running or not any(map(_is_closable, self._made)):
                return
        # Closing runs the author's own code, which may block: it gets a thread, and some time.
        with anyio.move_on_after(CLOSE_LIMIT_S, shield=True):
            await to_thread.run_sync(self._close, abandon_on_cancel=True)

    def _guarded(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._is_left:
                # The caller was cancelled before this thread began: nobody takes the result.
                raise RuntimeError("the step was left before it began")
            self._is_running = True
        try:
            return work()
        finally:
            with self._lock:
                self._is_running = False
                is_left = self._is_left
            if is_left:
                self._close()

    def _close(self) -> None:
        while self._made:
            made = self._made.pop()
            if _is_closable(made):
                made.close()


def _is_closable(made: object) -> TypeGuard[_Closable]:
    """Whether it can be left half-way: a generator, a stream of a connection, a coroutine."""
    return isinstance(made, Iterator | Coroutine) and hasattr(made, "close")
