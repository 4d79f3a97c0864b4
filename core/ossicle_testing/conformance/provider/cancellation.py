"""Leaving a call at each place where it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

import anyio


class Interrupted:
    """An awaitable that calls `leave` right before its `at`-th suspension, counted from 0.

    Attributes:
        suspensions: How often it waited so far.
    """

    def __init__(
        self, work: Awaitable[Any], *, at: int = -1, leave: Callable[[], None] = lambda: None
    ) -> None:
        self._work, self._at, self._leave = work, at, leave
        self.suspensions = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._work.__await__()
        try:
            waits_for = next(steps)
            while True:
                if self.suspensions == self._at:
                    self._leave()
                self.suspensions += 1
                try:
                    value = yield waits_for
                except BaseException as error:  # noqa: BLE001 - handed on, as `yield from` would
                    waits_for = steps.throw(error)
                else:
                    waits_for = steps.send(value)
        except StopIteration as stop:
            return stop.value


async def count_suspensions(work: Callable[[], Awaitable[object]]) -> int:
    """How often `work` waits."""
    watched = Interrupted(work())
    await watched
    return watched.suspensions


async def cancelled_at(work: Callable[[], Awaitable[object]], at: int) -> bool:
    """Run `work` and cancel it at its `at`-th suspension.

    Returns:
        Whether the cancellation came through; false where `work` ended by itself.
    """
    with anyio.CancelScope() as scope:
        await Interrupted(work(), at=at, leave=scope.cancel)
    return scope.cancelled_caught
