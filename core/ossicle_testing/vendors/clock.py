"""Time as the fake vendors see it: a callable that returns Unix seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns the wall time in Unix seconds; `time.time` is one."""


class ManualClock:
    """A clock that stands still until it is moved.

    Args:
        now_s: Unix seconds at the start; the default is 2026-11-22 12:00 UTC.

    Example:
        >>> clock = ManualClock(1000.0)
        >>> clock.advance(3600.0)
        >>> clock()
        4600.0
    """

    def __init__(self, now_s: float = 1_795_348_800.0) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """The seconds."""
        return f"ManualClock({self()!r})"

    def __call__(self) -> float:
        """Unix seconds."""
        with self._lock:
            return self._now_s

    def advance(self, seconds: float) -> None:
        """Move by `seconds`; negative moves back, as real wall clocks do."""
        with self._lock:
            self._now_s += seconds

    def set(self, now_s: float) -> None:
        """Jump to `now_s` Unix seconds."""
        with self._lock:
            self._now_s = now_s
