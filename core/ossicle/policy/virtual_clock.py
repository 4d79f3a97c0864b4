"""A clock for tests: waiting costs no time, and every wait is on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel

_SETTLE_ROUNDS = 10
"""How often a sleeper lets the other tasks run before it moves the time. Each round lets every
runnable task take one step, so tasks that are about to sleep get to say so first."""


@dataclass(eq=False, slots=True)
class _Timer:
    due: float
    scope: anyio.CancelScope | None = None


class VirtualClock:
    """Time that stands still until all tasks wait, and then jumps to the next event.

    Sleeps of several tasks overlap as real ones do, and a scope of `scope_until` is cancelled
    before any sleeper wakes later than (or at) its deadline. Works under asyncio and trio, within
    one event loop. Work in threads takes no virtual time.

    Args:
        start: What `monotonic` starts from, in seconds.
        wall: What `wall` starts from, Unix seconds.

    Attributes:
        sleeps: Every wait that was asked for, in seconds, in order.
    """

    def __init__(self, *, start: float = 0.0, wall: float = 1_700_000_000.0) -> None:
        self._now = start
        self._wall_offset = wall - start
        self._sleepers: list[_Timer] = []
        self._scopes: list[_Timer] = []
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._now

    def wall(self) -> float:
        """Virtual Unix time in seconds."""
        return self._now + self._wall_offset

    def set_wall(self, wall: float) -> None:
        """Let the wall clock jump, forward or back; `monotonic` goes on."""
        self._wall_offset = wall - self._now

    def advance(self, seconds: float) -> None:
        """Let time pass, as a busy task would; deadlines on the way are met in order."""
        self._move_to(self._now + seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait without waiting; a cancellation point even for zero seconds."""
        self.sleeps.append(seconds)
        mine = _Timer(self._now + max(seconds, 0.0))
        self._sleepers.append(mine)
        try:
            await anyio.lowlevel.checkpoint()
            while self._now < mine.due:
                for _ in range(_SETTLE_ROUNDS):
                    await anyio.lowlevel.checkpoint()
                if mine is min(self._sleepers, key=_due):
                    self._step_to(mine.due)
            # a deadline that falls on this very moment wins over the sleeper
            await anyio.lowlevel.checkpoint_if_cancelled()
        finally:
            self._sleepers.remove(mine)

    @contextmanager
    def scope_until(
        self, deadline: float | None, *, shield: bool = False
    ) -> Iterator[anyio.CancelScope]:
        """A cancel scope that ends at a moment of `monotonic`."""
        with anyio.CancelScope(shield=shield) as scope:
            timer = _Timer(float("inf") if deadline is None else deadline, scope)
            if timer.due <= self._now:
                scope.cancel()
            self._scopes.append(timer)
            try:
                yield scope
            finally:
                self._scopes.remove(timer)

    def _step_to(self, moment: float) -> None:
        """Move on by one event only, so that whoever it wakes can act before time goes on."""
        pending = [timer.due for timer in self._scopes if self._now < timer.due <= moment]
        self._move_to(min(pending, default=moment))

    def _move_to(self, moment: float) -> None:
        self._now = max(self._now, moment)
        for timer in sorted(self._scopes, key=_due):
            if timer.due <= self._now and timer.scope is not None:
                timer.scope.cancel()


def _due(timer: _Timer) -> float:
    return timer.due
