"""One call at its provider: budget → attempts → events, and the books closed whatever happens."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ossicle.abc import AudioProvider, CallInfo, Capabilities
from ossicle.errors import StorageError
from ossicle.messages import AudioDelta, Event, Reply, Usage
from ossicle.pipeline.call import ReadyCall
from ossicle.pipeline.own_task import complete_in_thread
from ossicle.pipeline.shop import Shop
from ossicle.policy import AttemptLog, AttemptStream, Reservation, cost_of, untold_as_estimated

if TYPE_CHECKING:
    from typing import Self

_LOG = logging.getLogger("ossicle.pipeline")

UNBOOKED = "the budget's books could not be written: the call counts as it was estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A call that passed all checks, and whom to ask.

    Attributes:
        ready: The call.
        info: Which call it is.
        provider: Whom to ask.
        capabilities: Of the model.
        shop: What calls share.
        deadline: By the clock's `monotonic`.
        timeout_s: The caller's total time, for messages.
        conversation_id: To which conversation it belongs, for the budget.
        log: Where attempts are booked.
    """

    ready: ReadyCall
    info: CallInfo
    provider: AudioProvider
    capabilities: Capabilities
    shop: Shop
    deadline: float
    timeout_s: float
    conversation_id: str | None
    log: AttemptLog


class Source(Protocol):
    """Where the events of a call come from.

    Attributes:
        sent_at: When the provider was asked, by the clock's `monotonic`; `None`: it was not.
        audio_at: When the first audio came, likewise.
    """

    sent_at: float | None
    audio_at: float | None

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events."""
        ...

    async def __anext__(self) -> Event:
        """The next event."""
        ...

    def reply(self) -> Reply:
        """Everything that came, as a reply."""
        ...

    async def settle(self, usage: Usage | None) -> None:
        """Book what was used, as the vendor told it."""
        ...

    async def aclose(self) -> None:
        """End the call and free what it holds."""
        ...


class Dispatch:
    """The call itself; see `Source`.

    Args:
        order: What is asked of whom.
    """

    def __init__(self, order: Order) -> None:
        self._order, self._clock = order, order.shop.clock
        self._reservation: Reservation | None = None
        self.sent_at: float | None = None
        self.audio_at: float | None = None
        request, shop = order.ready.request, order.shop
        self._attempts = AttemptStream(
            lambda: order.provider.respond(request),
            provider=order.info.provider,
            model=order.info.model,
            policy=shop.retry,
            quota=shop.quota,
            clock=shop.clock,
            deadline=order.deadline,
            timeout_s=order.timeout_s,
            log=order.log,
            circuit=shop.circuits.of(order.info.provider, order.info.model),
            turn_id=order.info.turn_id,
            failed_requests_are_billed=order.capabilities.failed_requests_are_billed,
        )

    async def reserve(self) -> None:
        """Set aside what the call may use.

        Raises:
            BudgetExceededError: It does not fit.
            StorageError: The books cannot be read or written.
        """
        budget = self._order.shop.budget
        if budget is None:
            return

        def work() -> Reservation:
            return budget.reserve(
                self._order.ready.estimate,
                tenant=self._order.info.tenant,
                conversation_id=self._order.conversation_id,
            )

        if not budget.is_blocking:
            self._reservation = work()
            return
        # A hold that nobody knows of would never be given back.
        self._reservation = await complete_in_thread(work, undo=self._release_unclaimed)

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

    @property
    def usage(self) -> Usage | None:
        """What was used so far, as told; `None`: not told."""
        return self._attempts.usage

    def reply(self) -> Reply:
        """Everything that came, as a reply."""
        return self._attempts.reply()

    async def settle(self, usage: Usage | None) -> None:
        """Book what the vendor told of the last attempt, and others as they were estimated.

        The first end counts.
        """
        prices, executions = self._order.capabilities.prices, self._order.log.executions

        def end(reservation: Reservation) -> None:
            cost = None if usage is None else cost_of(usage, prices)
            if usage is not None and cost is not None:
                cost = cost_of(untold_as_estimated(usage, reservation.estimate), prices)
            reservation.settle(usage, cost, executions=executions)

        await self._close_books(end)

    async def aclose(self) -> None:
        """End the call and free what it holds; what may have been executed is booked."""
        try:
            await self._attempts.aclose()
        finally:
            # What may have been executed is booked, where nothing was told as it was estimated.
            if self._order.log.executions:
                await self.settle(self._attempts.told_usage)
            else:
                await self._close_books(Reservation.release)

    async def _close_books(self, end: Callable[[Reservation], None]) -> None:
        reservation, self._reservation = self._reservation, None
        if reservation is None:
            return

        def work() -> None:
            try:
                end(reservation)
            except StorageError as error:
                # The answer is there and paid for. The hold stays, and counts in full.
                _LOG.warning("%s: %s", UNBOOKED, error.what)
                self._order.log.note(UNBOOKED)

        if reservation.is_blocking:
            await complete_in_thread(work)
        else:
            work()
