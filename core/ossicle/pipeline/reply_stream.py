"""A call under way: its events in the wanted format, and at the end its reply and receipt."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyio import to_thread

from ossicle.abc import AudioProvider, CallInfo, Capabilities
from ossicle.errors import AudioMissingError, ConfigurationError, OssicleError
from ossicle.messages import (
    AudioDelta,
    AudioRecord,
    Event,
    Finished,
    Receipt,
    Reply,
    Step,
)
from ossicle.pipeline.call import ReadyCall, make_ready, refuse
from ossicle.pipeline.delivery import (
    StreamDelivery,
    check_audio_came,
    deliver_whole,
    length_note,
    record_of,
)
from ossicle.pipeline.draft import Draft
from ossicle.pipeline.shop import Shop
from ossicle.policy import AttemptLog, AttemptStream, Clock, Reservation, cost_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


@dataclass(slots=True)
class _Times:
    """Moments by the clock's `monotonic`."""

    clock: Clock
    began: float
    sent: float | None = None
    first_audio: float | None = None

    def timings(self, ready: ReadyCall) -> dict[str, float]:
        now = self.clock.monotonic()
        found = {"prepare": ready.prepare_s}
        if self.sent is not None:
            found["provider"] = now - self.sent
            if self.first_audio is not None:
                found["first_audio"] = self.first_audio - self.sent
        return found | {"total": now - self.began}


@dataclass(slots=True)
class _Progress:
    """What has come so far."""

    log: AttemptLog
    times: _Times
    has_started: bool = False
    has_ended: bool = False
    pending: deque[Event] = field(default_factory=deque)
    reply: Reply | None = None


class ReplyStream:
    """The answer while it comes; an async context manager and an async iterator of events.

    Audio events hold the format that was asked for. After the last event `reply` is there, with
    everything joined. Leaving the context early ends the call and frees its connection.
    """

    def __init__(
        self,
        draft: Draft,
        *,
        provider: AudioProvider,
        capabilities: Capabilities,
        shop: Shop,
        tenant: str,
        timeout_s: float,
        conversation_id: str | None = None,
    ) -> None:
        self._draft = draft
        self._provider = provider
        self._capabilities = capabilities
        self._shop = shop
        self._timeout_s = timeout_s
        self._conversation_id = conversation_id
        self.info = CallInfo(
            turn_id=f"turn_{secrets.token_hex(8)}",
            tenant=tenant,
            provider=capabilities.provider,
            model=capabilities.model,
            task=draft.task,
        )
        self._ready: ReadyCall | None = None
        self._progress: _Progress | None = None
        self._attempts: AttemptStream | None = None
        self._delivery: StreamDelivery | None = None
        self._reservation: Reservation | None = None

    @property
    def reply(self) -> Reply:
        """The whole reply, once the last event was read.

        Raises:
            ConfigurationError: The stream was not read to its end.
        """
        if self._progress is None or self._progress.reply is None:
            raise ConfigurationError(
                "the reply is not complete", fix="Read the stream to its end first."
            )
        return self._progress.reply

    async def __aenter__(self) -> Self:
        """Plan, prepare and check; the provider is asked when the first event is read."""
        clock = self._shop.clock
        times = _Times(clock=clock, began=clock.monotonic())
        self._progress = _Progress(log=AttemptLog(), times=times)
        try:
            await self._open(self._progress)
        except OssicleError as error:
            await self.aclose()
            error.receipt = None if self._ready is None else self._receipt(None, None)
            self._shop.host.notify("ossicle_call_refused", call=self.info, error=error)
            raise
        self._progress.has_started = True
        self._shop.host.notify("ossicle_call_started", call=self.info)
        return self

    async def _open(self, progress: _Progress) -> None:
        times = progress.times
        clock = times.clock
        deadline = times.began + self._timeout_s
        self._ready = await make_ready(
            self._draft,
            self._capabilities,
            self._shop,
            deadline=deadline,
            timeout_s=self._timeout_s,
        )
        refuse(self._ready, self._capabilities, self._shop)
        if self._shop.budget is not None:
            self._reservation = self._shop.budget.reserve(
                self._ready.estimate,
                tenant=self.info.tenant,
                conversation_id=self._conversation_id,
            )
        request = self._ready.request
        self._attempts = AttemptStream(
            lambda: self._provider.respond(request),
            provider=self.info.provider,
            model=self.info.model,
            policy=self._shop.retry,
            quota=self._shop.quota,
            clock=clock,
            deadline=deadline,
            timeout_s=self._timeout_s,
            log=progress.log,
            circuit=self._shop.circuits.of(self.info.provider, self.info.model),
            turn_id=self.info.turn_id,
            failed_requests_are_billed=self._capabilities.failed_requests_are_billed,
        )
        output = self._ready.plan.output
        if self._draft.stream and output is not None:
            self._delivery = StreamDelivery(output, self._shop.workshop)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the call."""
        await self.aclose()

    async def aclose(self) -> None:
        """End the call and free what it holds; closing twice is harmless."""
        if self._delivery is not None:
            self._delivery.abort()
        reservation, self._reservation = self._reservation, None
        try:
            if self._attempts is not None:
                await self._attempts.aclose()
        finally:
            if reservation is not None and self._progress is not None:
                # What may have been executed is booked as it was estimated.
                if self._progress.log.may_have_been_billed:
                    reservation.settle(None, None)
                else:
                    reservation.release()
            self._note_abandoned()

    def _note_abandoned(self) -> None:
        progress = self._progress
        if progress is None or not progress.has_started or progress.has_ended:
            return
        progress.has_ended = True
        receipt = self._receipt(None, None)
        self._shop.host.notify("ossicle_call_abandoned", call=self.info, receipt=receipt)

    def __aiter__(self) -> Self:
        """Iterate over the events, once."""
        return self

    async def __anext__(self) -> Event:
        """The next event, audio in the wanted format.

        Raises:
            OssicleError: Whatever ended the call; its `receipt` tells how far it came.
        """
        progress = self._progress
        if progress is None:
            raise ConfigurationError(
                "the stream is not open", fix="Use it in an `async with` block."
            )
        try:
            return await self._next(progress)
        except OssicleError as error:
            # What a vendor says of an answer that is of no use was used all the same.
            partial = getattr(error, "partial", None)
            error.receipt = self._receipt(partial if isinstance(partial, Reply) else None, None)
            if isinstance(error, AudioMissingError):
                # It was answered to its end: what was used is known, and no guess.
                self._settle(error.receipt)
            if not progress.has_ended:
                progress.has_ended = True
                self._shop.host.notify("ossicle_call_failed", call=self.info, error=error)
            raise

    async def collect(self) -> Reply:
        """Read to the end and return the whole reply."""
        async for _ in self:
            pass
        return self.reply

    async def _next(self, progress: _Progress) -> Event:
        assert self._attempts is not None
        while not progress.pending:
            if progress.reply is not None:
                raise StopAsyncIteration
            times = progress.times
            if times.sent is None:
                times.sent = times.clock.monotonic()
            event = await anext(self._attempts)
            if isinstance(event, AudioDelta) and times.first_audio is None:
                times.first_audio = times.clock.monotonic()
            if isinstance(event, Finished):
                await self._finish(progress, event)
            elif self._delivery is None:
                progress.pending.append(event)
            else:
                delivered = await self._delivery.deliver(event)
                if delivered is not None:
                    progress.pending.append(delivered)
        return progress.pending.popleft()

    async def _finish(self, progress: _Progress, finished: Finished) -> None:
        assert self._ready is not None
        assert self._attempts is not None
        reply = self._attempts.reply()
        output = self._ready.plan.output
        record: AudioRecord | None = None
        if output is not None:
            check_audio_came(reply)
            note = length_note(reply, self._capabilities)
            if note is not None:
                progress.log.note(note)
            if reply.audio is not None:
                reply, record, late = await self._deliver(reply)
                progress.pending.extend(late)
        receipt = self._receipt(reply, record)
        self._settle(receipt)
        progress.reply = reply.model_copy(update={"receipt": receipt})
        progress.pending.append(finished)
        progress.has_ended = True
        self._shop.host.notify("ossicle_call_finished", call=self.info, receipt=receipt)

    def _settle(self, receipt: Receipt) -> None:
        if self._reservation is not None:
            self._reservation.settle(receipt.usage, receipt.cost)
            self._reservation = None

    async def _deliver(self, reply: Reply) -> tuple[Reply, AudioRecord, Sequence[Event]]:
        """The reply with audio as wanted, what was done, and events that are still due."""
        assert self._ready is not None
        assert self._ready.plan.output is not None
        assert reply.audio is not None
        if self._delivery is not None and self._delivery.is_started:
            last = await self._delivery.finish()
            made = self._delivery.clip()
            if made is not None:
                step = Step(action="encode", reason="while it came", detail=str(made.format))
                record = record_of(reply.audio, made, (step,))
                due = [last] if last is not None else []
                return reply.model_copy(update={"audio": made}), record, due
        native = reply.audio
        reply, record = await to_thread.run_sync(
            deliver_whole, reply, self._ready.plan.output, self._shop.workshop
        )
        if self._delivery is None or reply.audio is None or self._delivery.passes(native.format):
            return reply, record, []
        whole = AudioDelta(data=reply.audio.read_bytes(), format=reply.audio.format)
        return reply, record, [whole]

    def _receipt(self, reply: Reply | None, output: AudioRecord | None) -> Receipt:
        assert self._ready is not None
        assert self._progress is not None
        usage = None if reply is None else reply.usage
        return Receipt(
            turn_id=self.info.turn_id,
            tenant=self.info.tenant,
            provider=self.info.provider,
            model=self.info.model,
            task=self.info.task,
            response_model=None if reply is None else reply.model or None,
            inputs=self._ready.records,
            output=output,
            estimate=self._ready.estimate,
            usage=usage,
            cost=None if usage is None else cost_of(usage, self._capabilities.prices),
            attempts=self._progress.log.attempts,
            timings=self._progress.times.timings(self._ready),
            saved_s=self._ready.saved_s,
            notes=(*self._ready.plan.notes, *self._progress.log.notes),
        )
