"""A call under way: its events in the wanted format, and at the end its reply and receipt.

=========  ====================================  =========  ====================================
state      event                                 next       who pays, and what listeners hear
=========  ====================================  =========  ====================================
made       entered, nothing stands against it    open       set aside; `started` (of a cached
                                                            answer: when it is sent or taken)
made       entered, refused                      ended      nobody; `refused`
open       events                                open       still set aside
open       `Finished`, the answer is whole       answered   as reported; `finished`
open       `Finished`, the audio is missing      ended      as reported; `failed`
open       the budget refuses a cached answer's  ended      nobody; `refused`
           own call
open       another error                         ended      as its attempts say; `failed`
open       left                                  ended      as its attempts say; `abandoned`
answered   read, left                            answered   nothing more
ended      left                                  ended      nothing more
=========  ====================================  =========  ====================================

What attempts say of money stands in `policy/attempts`; the source owns it, see `EventSource`.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyio import to_thread

from ossicle.abc import AudioProvider, CallInfo, Capabilities
from ossicle.errors import (
    AudioMissingError,
    ConfigurationError,
    OssicleError,
)
from ossicle.messages import (
    AudioDelta,
    AudioRecord,
    Event,
    Finished,
    Receipt,
    Reply,
    SegmentReported,
)
from ossicle.pipeline.cached_audio import deliver_cached
from ossicle.pipeline.cached_reply import AnswerKey, CachedReply, find_replay
from ossicle.pipeline.call_cache import CachePolicy, CacheScope
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.delivery import (
    StreamDelivery,
    check_audio_came,
    deliver_whole,
    length_note,
    record_of,
    replaced_note,
)
from ossicle.pipeline.file_clock import FileClock
from ossicle.pipeline.prepared_call import PreparedCall, prepare_call, refuse
from ossicle.pipeline.provider_call import Bill, Call, EventSource, ProviderCall
from ossicle.pipeline.reply_codec import pack
from ossicle.pipeline.runtime import Runtime
from ossicle.policy import AttemptLog, Clock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


@dataclass(slots=True)
class _Times:
    """Moments by the clock's `monotonic`."""

    clock: Clock
    began: float

    def timings(self, ready: PreparedCall, source: EventSource | None) -> dict[str, float]:
        now = self.clock.monotonic()
        found = {"prepare": ready.prepare_s}
        if source is not None and source.sent_at is not None:
            found["provider"] = now - source.sent_at
            if source.audio_at is not None:
                found["first_audio"] = source.audio_at - source.sent_at
        return found | {"total": now - self.began}


@dataclass(slots=True)
class _Progress:
    """What has come so far."""

    log: AttemptLog
    times: _Times
    is_announced: bool = False
    has_ended: bool = False
    pending: deque[Event] = field(default_factory=deque)
    reply: Reply | None = None


class ReplyStream:
    """The answer while it comes; an async context manager and an async iterator of events.

    Audio events hold the format that was asked for. After the last event `reply` is there, with
    everything joined. Leaving the context early ends the call and frees its connection.

    Attributes:
        info: Which call it is.
        abandoned: The receipt of a call that was left before its end; `None` for any other.
    """

    def __init__(
        self,
        wanted: CallRequest,
        *,
        provider: AudioProvider,
        capabilities: Capabilities,
        runtime: Runtime,
        tenant: str,
        timeout_s: float,
        conversation_id: str | None = None,
        cache_policy: CachePolicy | None = None,
    ) -> None:
        self._wanted = wanted
        self._provider = provider
        self._capabilities = capabilities
        self._runtime = runtime
        self._timeout_s = timeout_s
        self._conversation_id = conversation_id
        self.info = CallInfo(
            turn_id=f"turn_{secrets.token_hex(8)}",
            tenant=tenant,
            provider=capabilities.provider,
            model=capabilities.model,
            task=wanted.task,
        )
        self.abandoned: Receipt | None = None
        self._ready: PreparedCall | None = None
        self._progress: _Progress | None = None
        self._cache_policy = cache_policy or CachePolicy()
        self._scope: CacheScope | None = None
        if runtime.call_cache is not None:
            self._scope = self._cache_policy.scope(runtime.call_cache, tenant)
        self._key: AnswerKey | None = None
        self._source: EventSource | None = None
        self._delivery: StreamDelivery | None = None

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
        clock = self._runtime.clock
        times = _Times(clock=clock, began=clock.monotonic())
        self._progress = _Progress(log=AttemptLog(), times=times)
        try:
            await self._open(self._progress)
        except OssicleError as error:
            await self.aclose()
            error.receipt = None if self._ready is None else self._receipt(None, None)
            self._runtime.host.notify("ossicle_call_refused", call=self.info, error=error)
            raise
        if self._source is not None and self._source.is_admitted:
            self._announce()
        return self

    def _announce(self) -> None:
        """Tell listeners that nothing stands against the call; once."""
        assert self._progress is not None
        if not self._progress.is_announced:
            self._progress.is_announced = True
            self._runtime.host.notify("ossicle_call_started", call=self.info)

    async def _open(self, progress: _Progress) -> None:
        deadline = progress.times.began + self._timeout_s
        wants_answer = self._scope is not None and self._cache_policy.wants_answer(
            self._wanted.task
        )
        ready = await prepare_call(
            self._wanted,
            self._capabilities,
            self._runtime,
            deadline=deadline,
            timeout_s=self._timeout_s,
            scope=self._scope,
            is_recognized=wants_answer,
        )
        self._ready = ready
        refuse(ready, self._capabilities, self._runtime)
        call = Call(
            ready=ready,
            info=self.info,
            provider=self._provider,
            capabilities=self._capabilities,
            runtime=self._runtime,
            deadline=deadline,
            timeout_s=self._timeout_s,
            conversation_id=self._conversation_id,
            log=progress.log,
        )
        if self._wanted.stream and ready.plan.output is not None:
            self._delivery = StreamDelivery(ready.plan.output, self._runtime.audio_tools)
        self._source = await self._cached_source(call) if wants_answer else None
        if self._source is None:
            self._source = provider_call = ProviderCall(call)
            await provider_call.open()

    async def _cached_source(self, call: Call) -> EventSource | None:
        """Where the answer comes from, if the cache has a part in it."""
        scope = self._scope
        assert scope is not None
        if not scope.keeps_answers(self._wanted.task):
            return None
        try:
            key = AnswerKey(call, scope)
        except ConfigurationError as error:
            call.log.note(f"not cached: {error.what}")
            return None
        if not self._wanted.stream:
            return CachedReply(call, scope, key, on_sent=self._announce)
        replay = await find_replay(key, scope)
        if replay is not None:
            call.log.note(replay.saving)
            return replay
        self._key = key
        return None

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
        try:
            if self._source is not None:
                await self._source.aclose()
        finally:
            self._note_abandoned()

    def _note_abandoned(self) -> None:
        progress = self._progress
        if progress is None or self._ready is None or progress.has_ended:
            return
        if self._source is None or self._source.is_refused:
            return
        self._announce()
        progress.has_ended = True
        self.abandoned = receipt = self._receipt(None, None)
        self._runtime.host.notify("ossicle_call_abandoned", call=self.info, receipt=receipt)

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
                await self._settle(error.receipt)
            if not progress.has_ended:
                progress.has_ended = True
                self._note_failure(progress, error)
            raise

    def _note_failure(self, progress: _Progress, error: OssicleError) -> None:
        is_refused = self._source is not None and self._source.is_refused
        if is_refused and not progress.is_announced:
            self._runtime.host.notify("ossicle_call_refused", call=self.info, error=error)
            return
        self._announce()
        self._runtime.host.notify("ossicle_call_failed", call=self.info, error=error)

    async def collect(self) -> Reply:
        """Read to the end and return the whole reply."""
        async for _ in self:
            pass
        return self.reply

    async def _next(self, progress: _Progress) -> Event:
        assert self._source is not None
        while not progress.pending:
            if progress.reply is not None:
                raise StopAsyncIteration
            event = await anext(self._source)
            if isinstance(event, SegmentReported):
                event = self._clock.event(event)
            if isinstance(event, Finished):
                await self._finish(progress, event)
            elif self._delivery is None:
                progress.pending.append(event)
            else:
                delivered = await self._delivery.deliver(event)
                if delivered is not None:
                    progress.pending.append(delivered)
        return progress.pending.popleft()

    @property
    def _clock(self) -> FileClock:
        assert self._ready is not None
        return FileClock(self._ready.prepared)

    async def _finish(self, progress: _Progress, finished: Finished) -> None:
        assert self._ready is not None
        assert self._source is not None
        self._announce()
        native = self._source.reply()
        reply = self._clock.reply(native) if native.segments else native
        output = self._ready.plan.output
        record: AudioRecord | None = None
        notes = [replaced_note(reply), self._clock.note if reply.segments else None]
        if output is not None:
            check_audio_came(reply)
            notes.append(length_note(reply, self._capabilities))
            if reply.audio is not None:
                reply, record, late = await self._deliver(reply)
                progress.pending.extend(late)
        for note in filter(None, notes):
            progress.log.note(note)
        receipt = self._receipt(reply, record)
        await self._settle(receipt)
        await self._keep(native, receipt)
        progress.reply = reply.model_copy(update={"receipt": receipt})
        progress.pending.append(finished)
        progress.has_ended = True
        self._runtime.host.notify("ossicle_call_finished", call=self.info, receipt=receipt)

    async def _settle(self, receipt: Receipt) -> None:
        if self._source is not None:
            await self._source.settle(receipt.usage)

    async def _keep(self, native: Reply, receipt: Receipt) -> None:
        """Keep an answer that was streamed, for those who ask the same later."""
        if self._key is None or self._scope is None:
            return
        made = pack(native, cost=receipt.cost, attempts=receipt.attempts, notes=receipt.notes)
        key = self._key
        await self._scope.call_cache.cache.keep(key.tenant, made, kind=key.kind, facts=key.facts)

    async def _deliver(self, reply: Reply) -> tuple[Reply, AudioRecord, Sequence[Event]]:
        """The reply with audio as wanted, what was done, and events that are still due."""
        assert self._ready is not None
        assert self._ready.plan.output is not None
        assert reply.audio is not None
        if self._delivery is not None and self._delivery.is_started:
            last = await self._delivery.finish()
            made = self._delivery.clip()
            if made is not None:
                record = record_of(reply.audio, made, self._delivery.steps)
                due = [last] if last is not None else []
                return reply.model_copy(update={"audio": made}), record, due
        native = reply.audio
        plan, tools, scope = self._ready.plan.output, self._runtime.audio_tools, self._answer_scope
        if scope is None:
            reply, record = await to_thread.run_sync(deliver_whole, reply, plan, tools)
        else:
            reply, record = await deliver_cached(reply, plan, tools, scope)
        if self._delivery is None or reply.audio is None or self._delivery.passes(native.format):
            return reply, record, []
        whole = AudioDelta(data=reply.audio.read_bytes(), format=reply.audio.format)
        return reply, record, [whole]

    @property
    def _answer_scope(self) -> CacheScope | None:
        """The part of the cache that the answer's sound may use."""
        is_cached = self._source is not None and self._source.is_cached
        return self._scope if is_cached or self._key is not None else None

    def _receipt(self, reply: Reply | None, output: AudioRecord | None) -> Receipt:
        assert self._ready is not None
        assert self._progress is not None
        source = self._source
        bill = Bill(None, None) if source is None else source.bill(reply)
        origin = "made" if self._key is not None else bill.origin
        return Receipt(
            turn_id=self.info.turn_id,
            tenant=self.info.tenant,
            provider=self.info.provider,
            model=self.info.model,
            task=self.info.task,
            response_model=None if reply is None else reply.model or None,
            cache_hit=origin in ("shared", "stored"),
            cache=origin,
            inputs=self._ready.records,
            output=output,
            estimate=self._ready.estimate,
            usage=bill.usage,
            cost=bill.cost,
            attempts=self._progress.log.attempts,
            timings=self._progress.times.timings(self._ready, source),
            saved_s=self._ready.saved_s,
            notes=(*self._ready.plan.notes, *self._progress.log.notes),
        )
