"""One call at its provider: budget → attempts → events, and the books closed whatever happens."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ossicle.abc import (
    AudioProvider,
    CallInfo,
    Capabilities,
    cost_of,
    untold_as_estimated,
)
from ossicle.errors import StorageError
from ossicle.messages import AudioDelta, CacheOrigin, Cost, Event, Reply, Usage
from ossicle.pipeline.detached_task import complete_in_thread
from ossicle.pipeline.prepared_call import PreparedCall
from ossicle.pipeline.runtime import Runtime
from ossicle.policy import AttemptLog, AttemptStream, Reservation

if TYPE_CHECKING:
    from typing import Self

_LOG = logging.getLogger("ossicle.pipeline")

UNBOOKED = "the budget's books could not be written: the call counts as it was estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that passed all checks, and whom to ask.

    Attributes:
        ready: The call.
        info: Which call it is.
        provider: Whom to ask.
        capabilities: Of the model.
        runtime: What calls share.
        deadline: By the clock's `monotonic`.
        timeout_s: The caller's total time, for messages.
        conversation_id: To which conversation it belongs, for the budget.
        log: Where attempts are booked.
    """

    ready: PreparedCall
    info: CallInfo
    provider: AudioProvider
    capabilities: Capabilities
    runtime: Runtime
    deadline: float
    timeout_s: float
    conversation_id: str | None
    log: AttemptLog


class Bill(NamedTuple):
    """What a call used and cost; no other place decides it.

    Attributes:
        usage: As reported; `None`: not reported, or another call's.
        cost: By the model's prices; `None`: unknown.
        origin: Which part the cache had in the answer; `None`: none.
    """

    usage: Usage | None
    cost: Cost | None
    origin: CacheOrigin | None = None


class EventSource(Protocol):
    """Where the events of a call come from, and who owns its money.

    Attributes:
        sent_at: When the provider was asked, by the clock's `monotonic`; `None`: it was not.
        audio_at: When the first audio came, likewise.
        is_admitted: Whether nothing stands against the call any more.
        is_refused: Whether something did: the budget, or no room at the provider in time.
        is_cached: Whether the cache has a part in the answer.
    """

    sent_at: float | None
    audio_at: float | None
    is_admitted: bool
    is_refused: bool
    is_cached: bool

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events."""
        ...

    async def __anext__(self) -> Event:
        """The next event."""
        ...

    def reply(self) -> Reply:
        """Everything that came, as a reply."""
        ...

    def bill(self, reply: Reply | None) -> Bill:
        """What is this call's to pay.

        Args:
            reply: What came; `None`: the call failed or was left.
        """
        ...

    async def settle(self, usage: Usage | None) -> None:
        """Book what was used, as the vendor reported it."""
        ...

    async def aclose(self) -> None:
        """End the call and free what it holds."""
        ...


class ProviderCall:
    """The call itself; see `EventSource`.

    Args:
        call: What is asked of whom.
    """

    is_cached = False

    def __init__(self, call: Call) -> None:
        self._call, self._clock = call, call.runtime.clock
        self._slot = contextlib.AsyncExitStack()
        self._is_closed = self.is_admitted = self.is_refused = False
        self._reservations: list[Reservation] = []  # one for each attempt that may be executed
        self.sent_at: float | None = None
        self.audio_at: float | None = None
        request, runtime = call.ready.request, call.runtime
        self._attempts = AttemptStream(
            lambda: call.provider.respond(request),
            provider=call.info.provider,
            model=call.info.model,
            policy=runtime.retry,
            quota=runtime.quota,
            clock=runtime.clock,
            deadline=call.deadline,
            timeout_s=call.timeout_s,
            log=call.log,
            circuit=runtime.circuits.of(call.info.provider, call.info.model),
            turn_id=call.info.turn_id,
            failed_requests_are_billed=call.capabilities.failed_requests_are_billed,
            reserve_again=self._reserve,
        )

    async def open(self) -> None:
        """Wait for room at the provider, and set aside what the call may use.

        Raises:
            DeadlineExceededError: No other call made room in time.
            BudgetExceededError: It does not fit.
            StorageError: The books cannot be read or written.
        """
        call = self._call
        limit = call.runtime.concurrency.of(call.info.provider)
        self.is_refused = True  # until the call is let through
        await self._slot.enter_async_context(limit.slot(deadline=call.deadline))
        try:
            await self._reserve()
        except BaseException:
            # What was not opened is not closed by its caller.
            await self._slot.aclose()
            raise
        self.is_admitted, self.is_refused = True, False
        if self._is_closed:  # By another task, meanwhile: nothing will be sent.
            await self._slot.aclose()

    async def _reserve(self) -> None:
        """Set aside what the call may use; before a repeat, what it may use once more."""
        budget = self._call.runtime.budget
        if budget is None:
            return

        def work() -> Reservation:
            return budget.reserve(
                self._call.ready.estimate,
                tenant=self._call.info.tenant,
                conversation_id=self._call.conversation_id,
                executions=len(self._reservations) + 1,
            )

        if budget.is_blocking:
            # A hold that nobody knows of would never be given back.
            reservation = await complete_in_thread(work, undo=self._release_unclaimed)
        else:
            reservation = work()
        self._reservations.append(reservation)
        if self._is_closed:
            await self.settle(None, executions=0)

    def _release_unclaimed(self, reservation: Reservation) -> None:
        """Give back what was set aside for a caller who left meanwhile; nothing was sent."""
        try:
            reservation.release()
        except StorageError as error:
            _LOG.warning("%s: %s", UNBOOKED, error.what)

    def __aiter__(self) -> Self:
        """The events."""
        return self

    async def __anext__(self) -> Event:
        """The next event; raises as `AttemptStream` does."""
        if self.sent_at is None:
            self.sent_at = self._clock.monotonic()
        event = await anext(self._attempts)
        if isinstance(event, AudioDelta) and self.audio_at is None:
            self.audio_at = self._clock.monotonic()
        return event

    def reply(self) -> Reply:
        """Everything that came, as a reply."""
        return self._attempts.reply()

    def bill(self, reply: Reply | None) -> Bill:
        """What the vendor reported; of a call that failed or was left, until then."""
        usage = self._attempts.usage if reply is None else reply.usage
        prices = self._call.capabilities.prices
        return Bill(usage, None if usage is None else cost_of(usage, prices))

    async def settle(self, usage: Usage | None, *, executions: int | None = None) -> None:
        """Book what the vendor told of the last execution, and others as they were estimated.

        The first end counts, and makes room for the next call.

        Args:
            usage: As told of the last execution.
            executions: How many of what is reserved may have been executed; `None`: as many as
                the log says.
        """
        await self._slot.aclose()
        reservations, self._reservations = self._reservations, []
        if not reservations:
            return
        executions = self._call.log.executions if executions is None else executions

        def work() -> None:
            for number, reservation in enumerate(reservations, start=1):
                try:
                    if number > executions:  # it was not sent, or surely not executed
                        reservation.release()
                    else:
                        self._state(reservation, usage if number == executions else None)
                except StorageError as error:
                    # The answer is there and paid for. The hold stays, and counts in full.
                    _LOG.warning("%s: %s", UNBOOKED, error.what)
                    self._call.log.note(UNBOOKED)

        if any(reservation.is_blocking for reservation in reservations):
            await complete_in_thread(work)
        else:
            work()

    def _state(self, reservation: Reservation, usage: Usage | None) -> None:
        prices = self._call.capabilities.prices
        cost = None if usage is None else cost_of(usage, prices)
        if usage is not None and cost is not None:
            cost = cost_of(untold_as_estimated(usage, reservation.estimate), prices)
        reservation.settle(usage, cost)

    async def aclose(self) -> None:
        """End the call and free what it holds; what may have been executed is booked."""
        self._is_closed = True
        try:
            await self._attempts.aclose()
        finally:
            await self.settle(self._attempts.told_usage)
