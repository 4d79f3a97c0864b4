"""Answers from the cache: what was asked once is not asked again, nor at the same time twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from ossicle.abc import cost_of
from ossicle.errors import AudioMissingError, DeadlineExceededError, OssicleError
from ossicle.messages import (
    AudioDelta,
    CacheOrigin,
    Event,
    Finished,
    LanguageDetected,
    Reply,
    SegmentReported,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
    Usage,
)
from ossicle.pipeline.call_cache import CACHE_FORMAT_VERSION, CacheScope
from ossicle.pipeline.delivery import check_audio_came
from ossicle.pipeline.provider_call import Bill, Call, ProviderCall
from ossicle.pipeline.reply_codec import StoredReply, pack
from ossicle.storage import Cacheable, Fetched, cache_key, request_facts

if TYPE_CHECKING:
    from typing import Self

_PIECE = 1 << 15


class AnswerKey:
    """Under what the answer to a call is kept.

    Args:
        call: Of the call.
        scope: Of the cache.

    Raises:
        ConfigurationError: The request holds something that has no canonical form.
    """

    def __init__(self, call: Call, scope: CacheScope) -> None:
        ready = call.ready
        samples = {
            one.clip.digest: one.samples for one in ready.prepared if one.samples is not None
        }
        self.tenant, self.kind = scope.tenant, ready.request.task
        self.facts = {
            "form": CACHE_FORMAT_VERSION,
            "endpoint_key": scope.endpoint_key,
            **request_facts(ready.request, provider=call.info.provider, samples=samples),
        }
        # Among callers of one process; the cache has a secret of its own for what it keeps.
        self.name = cache_key(b"", tenant=self.tenant, kind=self.kind, facts=self.facts)


class CachedReply:
    """The whole answer to a call, from the cache or asked for; see `EventSource`.

    Args:
        call: What is asked of whom.
        scope: Of the cache.
        key: Of the answer.
        on_sent: Told when nothing stands against asking the provider.

    """

    is_cached = True

    def __init__(
        self, call: Call, scope: CacheScope, key: AnswerKey, *, on_sent: Callable[[], None]
    ) -> None:
        self._call, self._scope, self._key = call, scope, key
        self._on_sent = on_sent
        self._has_asked = self._is_over = self.is_admitted = self.is_refused = False
        self._kept: StoredReply | None = None
        self._reply: Reply | None = None
        self.origin: CacheOrigin | None = None
        self.sent_at: float | None = None
        self.audio_at: float | None = None

    def bill(self, reply: Reply | None) -> Bill:
        """What the provider was asked for by this call; an answer of another's costs nothing."""
        is_paid = self._has_asked if self.origin is None else self.origin == "made"
        usage = None if reply is None else reply.usage
        if self._kept is not None and not is_paid:
            return Bill(usage, self._kept.free, self.origin)
        if not is_paid:
            return Bill(None, None, self.origin)  # of a failure that is another call's
        prices = self._call.capabilities.prices
        return Bill(usage, None if usage is None else cost_of(usage, prices), self.origin)

    def __aiter__(self) -> Self:
        """The one event that there is."""
        return self

    async def __anext__(self) -> Event:
        """`Finished`, once the answer is there.

        Raises:
            OssicleError: Whatever the call ended with, or the one that was waited for.
        """
        if self._is_over:
            raise StopAsyncIteration
        self._is_over = True
        runtime, call = self._call.runtime, self._call
        with runtime.clock.scope_until(call.deadline) as scope:

            async def ask() -> Cacheable:
                scope.deadline = float("inf")  # It ends in time by itself, and says how far it was.
                return await self._ask()

            self._take(await self._fetched(ask))
        if self._reply is None:
            raise DeadlineExceededError(
                f"the same call of another took longer than the {call.timeout_s:g} s allowed",
                timeout_s=call.timeout_s,
                fix="Allow more time with timeout_s.",
            )
        return Finished(reason=self._reply.finish_reason)

    def reply(self) -> Reply:
        """The answer."""
        assert self._reply is not None
        return self._reply

    async def settle(self, usage: Usage | None) -> None:
        """Nothing: who asked has booked it."""

    async def aclose(self) -> None:
        """Nothing: what is under way belongs to all that wait for it."""

    async def _fetched(self, ask: Callable[[], Awaitable[Cacheable]]) -> Fetched:
        scope, key = self._scope, self._key
        async with scope.call_cache.executions.join(key.name) as execution:

            async def make() -> Cacheable:
                made = await execution.result(ask)
                assert isinstance(made, Cacheable)
                return made

            cache = scope.call_cache.cache
            fetched = await cache.fetch(
                key.tenant, kind=key.kind, facts=key.facts, make=make, renews=scope.use == "renew"
            )
            try:
                self._kept = StoredReply(fetched)
            except ValueError:  # Of another version, or damaged: a miss.
                made = await make()
                await cache.keep(key.tenant, made, kind=key.kind, facts=key.facts)
                fetched = Fetched(document=made.document, value=made.value, origin="made")
                self._kept = StoredReply(fetched)
        return fetched

    def _take(self, fetched: Fetched) -> None:
        assert self._kept is not None
        kept, log = self._kept, self._call.log
        self.origin = fetched.origin
        if self.origin != "made":
            self._reply = kept.for_another()
            log.note(kept.saving)
            return
        self._reply = kept.reply
        if self._has_asked:
            return
        # Who asked has left, and left the answer to this call, and what it cost with it.
        for attempt in kept.attempts:
            log.add(
                attempt.outcome,
                error=attempt.error,
                duration_s=attempt.duration_s,
                waited_s=attempt.waited_s,
                request_id=attempt.request_id,
            )
        for note in kept.notes:
            log.note(note)

    async def _ask(self) -> Cacheable:
        """Ask the provider; in a task of its own, that this caller may leave."""
        call = self._call
        prices = call.capabilities.prices
        self._has_asked = True
        provider_call = ProviderCall(call)
        try:
            try:
                await provider_call.open()
            except OssicleError:
                self.is_refused = True
                raise
            self.is_admitted = True
            self._on_sent()
            async for _ in provider_call:
                pass
            reply = provider_call.reply()
            cost = cost_of(reply.usage, prices)
            if call.ready.plan.output is not None:
                try:
                    check_audio_came(reply)
                except AudioMissingError:
                    await provider_call.settle(reply.usage)
                    raise
            await provider_call.settle(reply.usage)
        finally:
            self.sent_at, self.audio_at = provider_call.sent_at, provider_call.audio_at
            await provider_call.aclose()
        return pack(reply, cost=cost, attempts=call.log.attempts, notes=call.log.notes)


class Replay:
    """A kept answer as the events of a stream; see `EventSource`.

    Args:
        kept: From the cache.
    """

    is_cached = is_admitted = True
    is_refused = False

    def __init__(self, kept: StoredReply) -> None:
        self._reply, self._free = kept.for_another(), kept.free
        self.saving = kept.saving
        self._events = _events(self._reply)
        self.sent_at: float | None = None
        self.audio_at: float | None = None

    def __aiter__(self) -> Self:
        """The events."""
        return self

    async def __anext__(self) -> Event:
        """The next event."""
        for event in self._events:
            return event
        raise StopAsyncIteration

    def reply(self) -> Reply:
        """The answer."""
        return self._reply

    def bill(self, reply: Reply | None) -> Bill:
        """Nothing: no provider was asked."""
        return Bill(None if reply is None else reply.usage, self._free, "stored")

    async def settle(self, usage: Usage | None) -> None:
        """Nothing: it used nothing."""

    async def aclose(self) -> None:
        """Nothing."""


async def find_replay(key: AnswerKey, scope: CacheScope) -> Replay | None:
    """The kept answer to be streamed once more, or `None`."""
    if scope.use == "renew":
        return None
    fetched = await scope.call_cache.cache.find(key.tenant, kind=key.kind, facts=key.facts)
    try:
        return None if fetched is None else Replay(StoredReply(fetched))
    except ValueError:
        return None


def _events(reply: Reply) -> Iterator[Event]:
    if reply.language is not None:
        yield LanguageDetected(language=reply.language)
    for segment in reply.segments:
        yield SegmentReported(segment=segment)
    if reply.content:
        yield TextDelta(text=reply.content)
    if reply.transcript:
        yield TranscriptDelta(text=reply.transcript)
    if reply.audio is not None:
        data, form = reply.audio.read_bytes(), reply.audio.format
        step = _PIECE if form.container == "raw" else max(len(data), 1)
        for start in range(0, len(data), step):
            yield AudioDelta(data=data[start : start + step], format=form)
    for index, call in enumerate(reply.tool_calls):
        yield ToolCallDelta(index=index, id=call.id, name=call.name, arguments=call.arguments)
    yield Finished(reason=reply.finish_reason)
