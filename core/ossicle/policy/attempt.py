"""One attempt at a provider: opened, read under a deadline, translated, closed on every path."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from enum import Enum
from typing import Literal

import anyio

from ossicle.errors import OssicleError, PluginContractError
from ossicle.messages import Attempt, Event, ReplyFold, ReplyStarted
from ossicle.policy.clock import Clock
from ossicle.policy.outcome import Outcome
from ossicle.policy.single_error import single_error

CLOSE_LIMIT_S = 2.0
"""How long a provider may take to end its stream and free what it holds, cancelled or not."""


class _Mark(Enum):
    """The end of a stream, told apart from a provider that yields `None`."""

    END = "end"


class OutOfTimeError(Exception):
    """The deadline passed while the provider had the floor; never leaves the policy."""


class OpenAttempt:
    """The provider's iterator for one attempt.

    Args:
        open_events: Gets the iterator.
        provider: Name of the provider.
        model: The model that is asked.
        clock: Measures the time and the deadline.
        deadline: Moment by the clock after which nothing is read, or `None`.

    Attributes:
        fold: What has come so far.
        started_at: Moment by the clock.
        request_id: The vendor's id, once known.
        n_events: How many events have come.
        has_delivered: Whether an event has come that a caller would miss or see twice.
        is_booked: Whether its end is in the log.
        notes: What went wrong without harm to the answer.
    """

    def __init__(
        self,
        open_events: Callable[[], AsyncIterator[Event]],
        *,
        provider: str,
        model: str,
        clock: Clock,
        deadline: float | None,
    ) -> None:
        self._open_events = open_events
        self._provider = provider
        self._clock = clock
        self._deadline = deadline
        self._events: AsyncIterator[Event] | None = None
        self._scope: anyio.CancelScope | None = None
        self._was_opened = False
        self.fold = ReplyFold(provider=provider, model=model)
        self.started_at = clock.monotonic()
        self.request_id: str | None = None
        self.n_events = 0
        self.has_delivered = False
        self.is_booked = False
        self.notes: list[str] = []

    @property
    def was_opened(self) -> bool:
        """Whether the provider was asked for its events."""
        return self._was_opened

    @property
    def has_started(self) -> bool:
        """Whether the vendor has begun to answer."""
        return self.n_events > 0

    async def read(self) -> Event | None:
        """The next event, or `None` at the end of the stream.

        Raises:
            OutOfTimeError: The deadline has passed.
            OssicleError: Whatever the provider raised, as one error.
        """
        if self._deadline is not None and self._clock.monotonic() >= self._deadline:
            raise OutOfTimeError
        event = await self._pull(self._deadline)
        if event is _Mark.END:
            return None
        self.fold.add(event)  # refuses what is no event
        if isinstance(event, ReplyStarted):
            self.request_id = event.request_id or self.request_id
        else:
            self.has_delivered = True
        self.n_events += 1
        return event

    async def drain(self) -> None:
        """Let the provider end its stream after `Finished`, so that its connection can be reused.

        The answer is complete: an error now harms nobody and is only noted.

        Raises:
            PluginContractError: The provider sent one more event.
        """
        limit = self._clock.monotonic() + CLOSE_LIMIT_S
        if self._deadline is not None:
            limit = min(limit, self._deadline)
        try:
            event = await self._pull(limit)
        except OutOfTimeError:
            self.notes.append(f"provider {self._provider!r} did not end its stream after Finished")
        except OssicleError as error:
            self.notes.append(f"provider {self._provider!r} failed after Finished: {error.code}")
        else:
            if event is not _Mark.END:
                self.fold.add(event)  # raises: nothing may come after Finished

    async def _pull(self, deadline: float | None) -> Event | Literal[_Mark.END]:
        scope: anyio.CancelScope | None = None
        try:
            with self._clock.scope_until(deadline) as scope:
                self._scope = scope
                return await self._advance()
        # the provider is foreign code; every failure of it becomes one typed error
        except Exception as error:
            if scope is not None and scope.cancel_called:
                raise OutOfTimeError from error
            failure = self._translated(error)
            if failure is error:
                raise
            raise failure from error
        except BaseExceptionGroup as group:
            raise single_error(group) from group
        finally:
            self._scope = None
        raise OutOfTimeError

    async def _advance(self) -> Event | Literal[_Mark.END]:
        if self._events is None:
            self._was_opened = True
            opened = self._open_events()
            if inspect.iscoroutine(opened):  # `async def` without `yield`, a likely slip
                opened.close()
                raise PluginContractError(
                    f"provider {self._provider!r} gave a coroutine where events were due",
                    plugin=self._provider,
                    fix="Make `respond` an async generator, or a function that returns one.",
                )
            self._events = aiter(opened)
        try:
            return await anext(self._events)
        except StopAsyncIteration:
            return _Mark.END

    def _translated(self, error: Exception) -> OssicleError:
        found = single_error(error)
        if isinstance(found, OssicleError):
            return found
        return PluginContractError(
            f"provider {self._provider!r} raised {type(found).__name__}, which is no OssicleError",
            plugin=self._provider,
            fix="Report it to the author of the provider.",
        )

    def interrupt(self) -> bool:
        """End a read that is under way in another task; whether there was one."""
        if self._scope is None:
            return False
        self._scope.cancel()
        return True

    async def aclose(self) -> None:
        """Close the provider's iterator, whatever else is being cancelled; twice is harmless."""
        close = getattr(self._events, "aclose", None)
        self._events = None
        if close is None:
            return
        scope: anyio.CancelScope | None = None
        limit = self._clock.monotonic() + CLOSE_LIMIT_S
        try:
            with self._clock.scope_until(limit, shield=True) as scope:
                await close()
        # whatever led here is the error to report; a failing clean-up must not hide it
        except (Exception, BaseExceptionGroup) as error:
            found = single_error(error)
            if not isinstance(found, Exception | GeneratorExit):
                raise found from error
            self.notes.append(
                f"provider {self._provider!r} failed to close its stream: {type(found).__name__}"
            )
        if scope is not None and scope.cancel_called:
            self.notes.append(
                f"provider {self._provider!r} did not close its stream within {CLOSE_LIMIT_S:g} s"
            )


class AttemptLog:
    """The attempts of one call in order; complete once the call has ended, however it ended."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._notes: list[str] = []

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that has ended."""
        return tuple(self._attempts)

    @property
    def notes(self) -> tuple[str, ...]:
        """What else the caller should know, in words."""
        return tuple(self._notes)

    @property
    def provider_s(self) -> float:
        """Seconds that the attempts took."""
        return sum(attempt.duration_s for attempt in self._attempts)

    @property
    def waited_s(self) -> float:
        """Seconds that were waited before attempts that were made."""
        return sum(attempt.waited_s for attempt in self._attempts)

    @property
    def executions(self) -> int:
        """How many attempts were, or may have been, executed."""
        return sum(attempt.outcome != "clean" for attempt in self._attempts)

    def add(
        self,
        outcome: Outcome,
        *,
        error: str | None,
        duration_s: float,
        waited_s: float,
        request_id: str | None,
    ) -> None:
        """Book the end of an attempt."""
        self._attempts.append(
            Attempt(
                outcome=outcome,
                error=error,
                duration_s=max(duration_s, 0.0),
                waited_s=max(waited_s, 0.0),
                request_id=request_id,
            )
        )

    def note(self, text: str) -> None:
        """Add a remark."""
        self._notes.append(text)
