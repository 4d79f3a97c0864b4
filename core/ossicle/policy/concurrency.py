"""How many calls may be at one provider at the same time."""

from __future__ import annotations

import threading
from types import TracebackType
from weakref import WeakKeyDictionary

import anyio
import anyio.lowlevel

from ossicle.errors import ConfigurationError, DeadlineExceededError
from ossicle.policy.clock import Clock, SystemClock


class ConcurrencyLimits:
    """The limits of one client: the same for each provider, and each event loop on its own.

    Args:
        slots: Calls at one provider at the same time; `None`: any number.
        clock: `None`: the event loop's.

    Raises:
        ConfigurationError: `slots` is less than 1.
    """

    def __init__(self, slots: int | None, *, clock: Clock | None = None) -> None:
        ConcurrencyLimit(slots)
        self._slots = slots
        self._clock = clock
        self._lock = threading.Lock()
        # A loop is not kept alive by what was once asked in it.
        self._by_loop: WeakKeyDictionary[object, dict[str, ConcurrencyLimit]] = WeakKeyDictionary()

    def of(self, provider: str) -> ConcurrencyLimit:
        """The limit of this provider in the event loop that asks; the same one every time."""
        token = anyio.lowlevel.current_token()
        loop: object = getattr(token, "native_token", token)  # the same before anyio 4.11
        with self._lock:
            limits = self._by_loop.setdefault(loop, {})
            return limits.setdefault(provider, ConcurrencyLimit(self._slots, clock=self._clock))


class ConcurrencyLimit:
    """Slots for calls; whoever finds none waits in line, at most until the deadline.

    Belongs to one event loop.

    Args:
        slots: Calls at the same time; `None`: any number.
        clock: `None`: the event loop's.

    Raises:
        ConfigurationError: `slots` is less than 1.
    """

    def __init__(self, slots: int | None, *, clock: Clock | None = None) -> None:
        if slots is not None and slots < 1:
            raise ConfigurationError(f"a concurrency limit of {slots}", fix="Use 1 or more.")
        self._slots = slots
        self._clock = clock or SystemClock()
        self._semaphore: anyio.Semaphore | None = None
        self._in_use = 0

    @property
    def in_use(self) -> int:
        """Slots that are taken now."""
        return self._in_use

    def slot(self, *, deadline: float | None = None) -> Slot:
        """A slot to hold with `async with`.

        Args:
            deadline: Moment by the clock until which to wait for one; `None`: for ever.
        """
        return Slot(self, deadline)

    async def _acquire(self, deadline: float | None) -> None:
        if self._slots is not None:
            semaphore = self._semaphore or anyio.Semaphore(self._slots, fast_acquire=True)
            self._semaphore = semaphore
            with self._clock.scope_until(deadline) as scope:
                await semaphore.acquire()
            if scope.cancelled_caught:
                raise DeadlineExceededError(
                    f"no call of {self._slots} came to its end in time to make room for this one",
                    fix="Allow more time with timeout_s, or more calls with max_concurrency.",
                )
        self._in_use += 1

    def _release(self) -> None:
        self._in_use -= 1
        if self._semaphore is not None:
            self._semaphore.release()


class Slot:
    """One slot of a `ConcurrencyLimit`, held while its block runs."""

    def __init__(self, limit: ConcurrencyLimit, deadline: float | None) -> None:
        self._limit = limit
        self._deadline = deadline

    async def __aenter__(self) -> None:
        """Wait for the slot.

        Raises:
            DeadlineExceededError: None became free in time; nothing was sent.
        """
        await self._limit._acquire(self._deadline)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free the slot."""
        self._limit._release()
