"""Where time comes from: every policy asks a clock and none reads the time by itself."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Protocol

import anyio


class Clock(Protocol):
    """Time, waiting and deadlines, so that tests need no real ones."""

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds on the scale of deadlines, such as `Request.deadline`; never goes back."""

    @abstractmethod
    def wall(self) -> float:
        """Unix time in seconds; may jump."""

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Wait; a cancellation point even for zero seconds."""

    @abstractmethod
    def scope_until(
        self, deadline: float | None, *, shield: bool = False
    ) -> AbstractContextManager[anyio.CancelScope]:
        """A cancel scope that ends at a moment of `monotonic`.

        Args:
            deadline: `None`: never.
            shield: Whether cancellation from outside waits until the scope is left.
        """


class SystemClock:
    """The clock of the running event loop; only `wall` works outside of one."""

    def monotonic(self) -> float:
        """Seconds by `anyio.current_time`."""
        return anyio.current_time()

    def wall(self) -> float:
        """Unix time in seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait; a cancellation point even for zero seconds."""
        await anyio.sleep(max(seconds, 0.0))

    def scope_until(
        self, deadline: float | None, *, shield: bool = False
    ) -> AbstractContextManager[anyio.CancelScope]:
        """A cancel scope that ends at a moment of `monotonic`."""
        return anyio.CancelScope(deadline=math.inf if deadline is None else deadline, shield=shield)
