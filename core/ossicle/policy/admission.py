"""Whether a call may go out now: circuit breaker, limit of calls at one time, quota of repeats.

While a provider is down, calls fail at once and cost it nothing; while it is busy, they wait.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Literal
from weakref import WeakKeyDictionary

import anyio
import anyio.lowlevel

from ossicle.errors import (
    AmbiguousOutcomeError,
    ConfigurationError,
    DeadlineExceededError,
    OssicleError,
    ProviderConnectionError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
)
from ossicle.policy.clock import Clock, SystemClock

_MOST_CIRCUITS = 1024
"""Names of models may come from outside, so the oldest circuit gives way to a new one."""

_TROUBLE = (ProviderUnavailableError, ProviderConnectionError, AmbiguousOutcomeError)


class Circuit:
    """Lets attempts through while a provider lives, and one probe at a time while it does not.

    It opens when `failures` attempts in a row failed for the vendor's or the network's sake over
    at least `over_s` seconds; faults that come in a burst while others succeed never open it.
    While open, one attempt per `probe_after_s` passes as a probe. The first answer of any kind
    closes it, so recovery is noticed within `probe_after_s` plus one answer. Thread-safe.

    Args:
        provider: Whose circuit it is, for the error.
        clock: Of the event loop that uses it.
        failures: How many in a row.
        over_s: How long the row must have lasted.
        probe_after_s: Pause before each probe; at most 5 s.
    """

    def __init__(
        self,
        provider: str,
        *,
        clock: Clock | None = None,
        failures: int = 10,
        over_s: float = 2.0,
        probe_after_s: float = 2.0,
    ) -> None:
        if failures < 1 or over_s < 0 or not 0 < probe_after_s <= 5:
            raise ConfigurationError(
                f"a circuit of {failures} failures over {over_s} s with probes every "
                f"{probe_after_s} s",
                fix="Use at least 1 failure, 0 s or more, and probes within 5 s.",
            )
        self._provider = provider
        self._clock = clock or SystemClock()
        self._failures = failures
        self._over_s = over_s
        self._probe_after_s = probe_after_s
        self._lock = threading.Lock()
        self._row = 0
        self._row_since = 0.0
        self._next_probe_at: float | None = None
        self._is_probing = False

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """`half_open` while a probe is under way."""
        with self._lock:
            if self._next_probe_at is None:
                return "closed"
            return "half_open" if self._is_probing else "open"

    def enter(self) -> None:
        """Ask for leave to make an attempt; its end must be told by `leave` or `forget`.

        Raises:
            ProviderUnavailableError: The circuit is open; `retry_after_s` says until when.
        """
        with self._lock:
            if self._next_probe_at is None:
                return
            now = self._clock.monotonic()
            if now < self._next_probe_at:
                wait = self._next_probe_at - now
                raise ProviderUnavailableError(
                    f"provider {self._provider!r} failed {self._row} times in a row and is not "
                    f"asked again for {wait:.1f} s",
                    provider=self._provider,
                    retry_after_s=wait,
                    billed=False,
                    fix="Wait and try again, or use another provider.",
                )
            # a probe that hangs must not keep the next one from being sent
            self._next_probe_at = now + self._probe_after_s
            self._is_probing = True

    def leave(self, error: OssicleError | None) -> None:
        """Tell how an attempt ended.

        Args:
            error: `None` after an answer. An error that says nothing of the provider's health
                changes nothing.
        """
        with self._lock:
            self._is_probing = False
            if isinstance(error, _TROUBLE):
                self._count_failure()
            elif error is None or is_answer(error):
                self._row, self._next_probe_at = 0, None

    def forget(self) -> None:
        """Tell that an attempt was cut short from our side, which says nothing of the provider."""
        with self._lock:
            self._is_probing = False

    def _count_failure(self) -> None:
        now = self._clock.monotonic()
        if self._row == 0:
            self._row_since = now
        self._row += 1
        is_outage = self._row >= self._failures and now - self._row_since >= self._over_s
        if self._next_probe_at is None and is_outage:
            self._next_probe_at = now + self._probe_after_s


def is_answer(error: OssicleError) -> bool:
    """Whether an error came from a vendor that is alive: it refused, and said so.

    "Too many requests" is neither a sign of life nor of an outage.
    """
    return (
        isinstance(error, ProviderError)
        and not isinstance(error, (*_TROUBLE, RateLimitedError))
        and error.status is not None
    )


class Circuits:
    """The circuits of one client, by provider and model.

    Args:
        clock: Of the event loop that uses them.
        failures: As for `Circuit`.
        over_s: As for `Circuit`.
        probe_after_s: As for `Circuit`.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        failures: int = 10,
        over_s: float = 2.0,
        probe_after_s: float = 2.0,
    ) -> None:
        self._clock = clock or SystemClock()
        self._failures = failures
        self._over_s = over_s
        self._probe_after_s = probe_after_s
        self._lock = threading.Lock()
        self._by_key: dict[tuple[str, str], Circuit] = {}

    def of(self, provider: str, model: str) -> Circuit:
        """The circuit of this provider and model; the same one every time."""
        with self._lock:
            circuit = self._by_key.get((provider, model))
            if circuit is None:
                if len(self._by_key) >= _MOST_CIRCUITS:
                    del self._by_key[next(iter(self._by_key))]
                circuit = Circuit(
                    provider,
                    clock=self._clock,
                    failures=self._failures,
                    over_s=self._over_s,
                    probe_after_s=self._probe_after_s,
                )
                self._by_key[provider, model] = circuit
            return circuit


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


class RetryQuota:
    """How many repeats all calls that share it may make while the vendor is in trouble.

    A repeat takes tokens; a call that then succeeds gives back all it took, and one that succeeds
    at once gives back one token for others to use. In a full outage nothing comes back, so the
    repeats of any number of calls are bounded by `capacity / transient_cost`: 35 by default.
    Safe to share between threads.

    Args:
        capacity: Tokens at the start, and at most.
        transient_cost: Of a repeat after a failure of the vendor or the network.
        throttle_cost: Of a repeat after "too many requests".
        refund: Tokens for a call that succeeded without any repeat.

    Source:
        botocore's standard retry mode (rules of 2026: 500, 14, 5, 1). Other than there, a call
        that succeeds after several repeats gives back all of them, not only the last: faults
        that repeats do heal must not use up what protects from faults that they do not.
    """

    def __init__(
        self,
        *,
        capacity: int = 500,
        transient_cost: int = 14,
        throttle_cost: int = 5,
        refund: int = 1,
    ) -> None:
        if min(capacity, transient_cost, throttle_cost, refund) < 0:
            raise ConfigurationError("a retry quota has a negative value", fix="Use 0 or more.")
        self.capacity = capacity
        self._costs = {"transient": transient_cost, "throttle": throttle_cost}
        self._refund = refund
        self._tokens = capacity
        self._lock = threading.Lock()

    @property
    def tokens(self) -> int:
        """Tokens left, from 0 to `capacity`."""
        with self._lock:
            return self._tokens

    def take(self, error: OssicleError) -> int | None:
        """Take the tokens for one repeat after this error; `None` when there are too few."""
        cost = self._costs["throttle" if isinstance(error, RateLimitedError) else "transient"]
        with self._lock:
            if cost > self._tokens:
                return None
            self._tokens -= cost
            return cost

    def give_back(self, taken: int) -> None:
        """Book the success of a call that took so many tokens for its repeats."""
        with self._lock:
            self._tokens = min(self.capacity, self._tokens + (taken or self._refund))
