"""One call over as many attempts as its policy allows, seen from outside as one stream.

==========  ==================================  ==========  =============
state       event                               next        booked as
==========  ==================================  ==========  =============
waiting     read                                asked       nothing
waiting     read after the deadline             over        nothing
waiting     read while the circuit is open      over        nothing
asked       `ReplyStarted`                      asked       nothing
asked       another event                       delivering  nothing
asked       a clean failure, may be repeated    waiting     clean
asked       a clean failure, may not            over        clean
asked       an ambiguous one, may be repeated   waiting     ambiguous
asked       an ambiguous one, may not           over        ambiguous
asked       the end without `Finished`          over        ambiguous
asked       the deadline, or is left            over        ambiguous
delivering  a failure                           over        `classify`
delivering  the end without `Finished`          over        ambiguous
delivering  the deadline, or is left            over        ambiguous
delivering  `Finished`                          complete    settled
complete    read                                over        nothing more
==========  ==================================  ==========  =============

Who pays: for `clean` nobody; for `settled` the caller, as reported; for `ambiguous` the caller, as
estimated, since it may have been executed. A repeat after it needs money set aside once more.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

import anyio

from ossicle.errors import DeadlineExceededError, OssicleError
from ossicle.messages import Event, Reply, ReplyFold, Usage
from ossicle.policy.admission import Circuit, RetryQuota
from ossicle.policy.attempt import AttemptLog, OpenAttempt, OutOfTimeError
from ossicle.policy.clock import Clock, SystemClock
from ossicle.policy.failure import as_the_caller_sees_it, broken_off, out_of_time
from ossicle.policy.outcome import Outcome, classify
from ossicle.policy.retry import RetryPolicy


class AttemptStream:
    """The events of one call; what fails cleanly before it delivered anything is tried again.

    Nothing is repeated once an event other than `ReplyStarted` was handed on, nor when an attempt
    may have been executed (unless the policy says `on_ambiguous="repeat"`), nor when the pause
    would not end before the deadline. Whatever the provider raises leaves as one `OssicleError`;
    cancellation passes through. Coming to the end, failing, being cancelled and closing early all
    close the provider's iterator, within 2 s. Read it from one task at a time; use it as a
    context manager, or call `aclose`.

    Args:
        open_events: Starts one attempt; called once for each.
        provider: Name of the provider.
        model: The model that is asked.
        quota: Shared by all calls to the provider.
        policy: `None`: the defaults of `RetryPolicy`.
        clock: `None`: the event loop's.
        deadline: Moment by the clock's `monotonic` at which the call is over, pauses included;
            `None`: never.
        timeout_s: The time that was allowed, for messages.
        log: Where the attempts are booked; `None`: a new one.
        circuit: Asked before each attempt; `None`: none.
        turn_id: Our id of the call, for errors.
        failed_requests_are_billed: What the capabilities say.
        reserve_again: Awaited before the repeat of an attempt that may have been executed; when it
            raises an `OssicleError`, nothing is repeated and the call ends as that attempt did.
        draw: Random numbers from 0 to 1, for the pauses.

    Attributes:
        log: The attempts so far.

    Raises:
        AmbiguousOutcomeError: While reading: the last attempt may have been executed.
        StreamIncompleteError: While reading: the answer broke off; holds the part received.
        DeadlineExceededError: While reading: the time ran out.
        PluginContractError: While reading: the provider broke its interface.
        OssicleError: While reading: whatever else the last attempt ended with.
    """

    def __init__(
        self,
        open_events: Callable[[], AsyncIterator[Event]],
        *,
        provider: str,
        model: str,
        quota: RetryQuota,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
        deadline: float | None = None,
        timeout_s: float | None = None,
        log: AttemptLog | None = None,
        circuit: Circuit | None = None,
        turn_id: str | None = None,
        failed_requests_are_billed: bool | None = None,
        reserve_again: Callable[[], Awaitable[None]] | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._open_events = open_events
        self._provider = provider
        self._model = model
        self._quota = quota
        self._policy = policy or RetryPolicy()
        self._clock = clock or SystemClock()
        self._deadline = deadline
        self._timeout_s = timeout_s
        self._circuit = circuit
        self._turn_id = turn_id
        self._bills_failures = failed_requests_are_billed
        self._reserve_again = reserve_again
        self._draw = draw
        self.log = log or AttemptLog()
        self._fold = ReplyFold(provider=provider, model=model)
        self._attempt: OpenAttempt | None = None
        self._attempts_made = 0
        self._waited_s = 0.0
        self._tokens_taken = 0
        self._is_over = False
        self._reader_left: anyio.Event | None = None

    def __aiter__(self) -> Self:
        """The stream itself."""
        return self

    async def __aenter__(self) -> Self:
        """The stream itself; nothing is sent before the first read."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()

    @property
    def is_complete(self) -> bool:
        """Whether the answer has come to its end."""
        return self._fold.is_complete

    @property
    def usage(self) -> Usage | None:
        """What the last attempt used so far, as told; `None`: not told."""
        return self._fold.usage

    @property
    def told_usage(self) -> Usage | None:
        """What the vendor told of an answer that came to its end; `None` before the end.

        But for a cost: who names one says what there is to pay, of a failure too.
        """
        usage = self._fold.usage
        is_final = self._fold.is_complete or (usage is not None and usage.cost is not None)
        return usage if is_final else None

    def reply(self) -> Reply:
        """Everything so far as a reply; before the end, the part that was received.

        Raises:
            InvalidReplyError: The audio is no audio, or a tool call has no name.
        """
        return self._fold.reply()

    async def aclose(self) -> None:
        """End the call here; an answer that was not read to its end is booked as ambiguous.

        Closing twice is harmless. A read that is under way in another task comes to its end.
        """
        self._is_over = True
        if self._attempt is not None and self._attempt.interrupt():
            self._reader_left = self._reader_left or anyio.Event()
            await self._reader_left.wait()
        else:
            await self._release("abandoned")

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            OssicleError: As the class says.
        """
        if self._is_over:
            raise StopAsyncIteration
        event: Event | None = None
        why = "cancelled"
        try:
            event = await self._next()
            why = "abandoned"
        finally:
            # what failed was booked where it was judged; what is still open here was cut short
            if event is None or self._is_over:
                self._is_over = True
                await self._release(why)
                if self._reader_left is not None:
                    self._reader_left.set()
        if event is None or self._is_over:
            raise StopAsyncIteration
        return event

    async def _next(self) -> Event | None:
        while not self._is_over:
            attempt = self._attempt or self._begin()
            if attempt.fold.is_complete:
                await attempt.drain()
                return None
            try:
                event = await attempt.read()
            except OutOfTimeError as late:
                if self._is_over:
                    return None
                await self._release(DeadlineExceededError.code)
                raise out_of_time(self.log, self._provider, self._timeout_s) from late.__cause__
            except OssicleError as error:
                await self._fail(attempt, error)
                continue
            if event is None:
                await self._fail(attempt, broken_off(self._provider, attempt))
                continue
            if attempt.fold.is_complete:
                self._book(attempt, "settled")
                self._quota.give_back(self._tokens_taken)
            return event
        return None

    def _begin(self) -> OpenAttempt:
        if self._deadline is not None and self._clock.monotonic() >= self._deadline:
            raise out_of_time(self.log, self._provider, self._timeout_s)
        if self._circuit is not None:
            self._circuit.enter()
        self._attempts_made += 1
        self._attempt = OpenAttempt(
            self._open_events,
            provider=self._provider,
            model=self._model,
            clock=self._clock,
            deadline=self._deadline,
        )
        self._fold = self._attempt.fold
        return self._attempt

    async def _fail(self, attempt: OpenAttempt, error: OssicleError) -> None:
        """Book a failed attempt; return when the next one may begin, else raise."""
        outcome = classify(
            error,
            has_started=attempt.has_started,
            failed_requests_are_billed=self._bills_failures,
        )
        self._book(attempt, outcome, error=error)
        await self._release(error.code)
        pause_s = None if attempt.has_delivered else self._pause_s(error, outcome)
        if pause_s is None or not (
            await self._can_be_paid_again(outcome) and self._takes_quota(error)
        ):
            seen = as_the_caller_sees_it(
                error, outcome, fold=self._fold, provider=self._provider, turn_id=self._turn_id
            )
            if seen is error:
                raise error
            raise seen from error
        before = self._clock.monotonic()
        await self._clock.sleep(pause_s)
        self._waited_s = self._clock.monotonic() - before

    def _pause_s(self, error: OssicleError, outcome: Outcome) -> float | None:
        if not self._policy.allows(error, outcome, attempts_made=self._attempts_made):
            return None
        if self._circuit is not None and self._circuit.state != "closed":
            self.log.note(f"not repeated: provider {self._provider!r} is down")
            return None
        now = self._clock.monotonic()
        pause_s = self._policy.pause_s(
            repeat=self._attempts_made,
            draw=self._draw(),
            retry_after_s=error.retry_after_s,
            remaining_s=None if self._deadline is None else self._deadline - now,
        )
        if pause_s is None:
            self.log.note("not repeated: the pause before it would have been too long")
            return None
        return pause_s

    def _takes_quota(self, error: OssicleError) -> bool:
        taken = self._quota.take(error)
        if taken is None:
            self.log.note("not repeated: the shared quota of repeats is used up")
            return False
        self._tokens_taken += taken
        return True

    async def _can_be_paid_again(self, outcome: Outcome) -> bool:
        if outcome != "ambiguous" or self._reserve_again is None:
            return True
        try:
            await self._reserve_again()
        except OssicleError as refusal:
            self.log.note(f"not repeated: {refusal.what}")
            return False
        return True

    def _book(
        self, attempt: OpenAttempt, outcome: Outcome, *, error: OssicleError | None = None
    ) -> None:
        attempt.is_booked = True
        self.log.add(
            outcome,
            error=None if error is None else error.code,
            duration_s=self._clock.monotonic() - attempt.started_at,
            waited_s=self._waited_s,
            request_id=attempt.request_id or getattr(error, "request_id", None),
        )
        if self._circuit is not None:
            self._circuit.leave(error)

    async def _release(self, why: str) -> None:
        """Free what the attempt holds; if it is not booked yet, it was cut short for this reason.

        Nobody knows what becomes of a call that is cut short, so it counts as ambiguous.
        """
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        if attempt.was_opened and not attempt.is_booked:
            attempt.is_booked = True
            self.log.add(
                "ambiguous",
                error=why,
                duration_s=self._clock.monotonic() - attempt.started_at,
                waited_s=self._waited_s,
                request_id=attempt.request_id,
            )
            if self._circuit is not None:
                self._circuit.forget()
        await attempt.aclose()
        for note in attempt.notes:
            self.log.note(note)
