"""Providers whose answers are not what they should be."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import anyio
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec
from tests.nightly.broken_plugins.parrot.provider import SPEC, ParrotProvider
from tests.nightly.broken_plugins.parrot.suite import ParrotSuite

from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    ReferenceIssued,
    ReplyStarted,
    Request,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
    UsageReported,
)

Events = AsyncIterator[Event]
Mangle = Callable[[Events, Request], AsyncGenerator[Any, None]]

BROKEN_PLUGINS: list[BrokenPlugin] = []


def broken(check: str, because: str) -> Callable[[Mangle], Mangle]:
    """Put a provider that mangles its events into the broken plugins."""

    def put(mangle: Mangle) -> Mangle:
        class Mangling(ParrotProvider):
            async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
                events = super().respond(request)
                async with aclosing(events), aclosing(mangle(events, request)) as mangled:
                    async for event in mangled:
                        yield event

        BROKEN_PLUGINS.append(
            BrokenPlugin(
                name=mangle.__name__.replace("_", " "),
                suite=with_spec(ParrotSuite, replace(SPEC, factory=Mangling)),
                check=check,
                because=because,
            )
        )
        return mangle

    return put


ROW = "test_every_row_is_answered"


@broken(ROW, "the last event is not Finished")
async def never_finishes(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if not isinstance(event, Finished):
            yield event


@broken(ROW, "Finished came twice")
async def finishes_twice(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        yield event
    yield Finished()


@broken(ROW, "the last event is not Finished")
async def talks_after_the_end(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    last: list[Event] = []
    async for event in events:
        if isinstance(event, UsageReported):
            last.append(event)
        else:
            yield event
    for event in last:
        yield event


@broken(ROW, "dict is no event")
async def yields_dictionaries(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        yield {"text": event.text} if isinstance(event, TextDelta) else event


@broken(ROW, "nothing came")
async def yields_nothing(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if request.model == "nothing":
            yield event


@broken(ROW, "ReplyStarted comes first")
async def starts_in_the_middle(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    started: list[Event] = []
    async for event in events:
        if isinstance(event, ReplyStarted):
            started.append(event)
            continue
        yield event
        while started:
            yield started.pop()


@broken(ROW, "written text came that was not asked for")
async def writes_unasked(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        yield event
        if isinstance(event, ReplyStarted) and "text" not in request.output:
            yield TextDelta(text="By the way:")


@broken(ROW, "audio came that was not asked for")
async def speaks_unasked(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    from tests.nightly.broken_plugins.parrot.dialect import PCM

    async for event in events:
        yield event
        if isinstance(event, ReplyStarted) and "audio" not in request.output:
            yield AudioDelta(data=b"\1\1" * 800, format=PCM)


@broken(ROW, "audio was asked for and none came")
async def stays_silent(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if not isinstance(event, AudioDelta):
            yield event


@broken(ROW, "text was asked for and none came")
async def says_no_words(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if not isinstance(event, TranscriptDelta):
            yield event


@broken(ROW, "the samples are torn")
async def loses_the_first_byte(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    first: AudioDelta | None = None
    async for event in events:
        if isinstance(event, Finished) and first is not None:
            yield replace(first, data=b"\0")
        if isinstance(event, AudioDelta) and event.format.container == "raw" and first is None:
            first = event
            event = replace(event, data=event.data[1:])
        yield event


@broken(ROW, "the samples are torn")
async def swaps_bytes(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    held = b""
    async for event in events:
        if isinstance(event, AudioDelta) and event.format.container == "raw":
            held += event.data
            pairs = held[: len(held) // 2 * 2]
            held = held[len(pairs) :]
            event = replace(
                event, data=b"".join(pairs[i : i + 2][::-1] for i in range(0, len(pairs), 2))
            )
        yield event


@broken(ROW, "the audio is silent")
async def sends_zeros(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, AudioDelta) and event.format.container == "raw":
            event = replace(event, data=bytes(len(event.data)))
        yield event


@broken(ROW, "the audio ends inside a frame")
async def ends_inside_a_frame(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, ReferenceIssued) and request.stream:
            from tests.nightly.broken_plugins.parrot.dialect import PCM

            yield AudioDelta(data=b"\0", format=PCM)
        yield event


@broken(ROW, "sample_rate is not as asked")
async def mislabels_its_rate(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, AudioDelta) and event.format.container == "raw":
            event = replace(event, format=event.format.at(sample_rate=16000))
        yield event


@broken(ROW, "changed the audio format")
async def changes_the_format(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    count = 0
    async for event in events:
        if isinstance(event, AudioDelta) and event.format.container == "raw":
            count += 1
            if count > 2:
                event = replace(event, format=event.format.at(sample_rate=16000))
        yield event


@broken("test_chunked_is_whole", "the audio")
async def loses_a_piece_of_audio(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    count = 0
    async for event in events:
        if isinstance(event, AudioDelta):
            count += 1
            if count == 3:
                continue
        yield event


@broken("test_chunked_is_whole", "the text differs")
async def loses_a_piece_of_text(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    count = 0
    async for event in events:
        if isinstance(event, TextDelta | TranscriptDelta):
            count += 1
            if count == 2:
                continue
        yield event


@broken("test_streams_come_in_pieces", "in one piece")
async def holds_everything_back(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    text, spoken, data, rest = "", "", b"", list[Event]()
    form = None
    async for event in events:
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, TranscriptDelta):
            spoken += event.text
        elif isinstance(event, AudioDelta):
            data, form = data + event.data, event.format
        else:
            rest.append(event)
    if text or spoken:
        yield TextDelta(text=text) if text else TranscriptDelta(text=spoken)
    elif form is not None:
        yield AudioDelta(data=data, format=form)
    for event in rest:
        yield event


@broken("test_tools_are_called", "ring")
async def calls_another_tool(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, ToolCallDelta) and event.name:
            event = replace(event, name="tell_time")
        yield event


@broken("test_tools_are_called", "(?i)json|argument")
async def gives_half_of_the_arguments(
    events: Events, request: Request
) -> AsyncGenerator[Any, None]:
    async for event in events:
        if not (isinstance(event, ToolCallDelta) and event.name is None):
            yield event


@broken("test_tools_are_called", "tool calls, and the end says 'stop'")
async def stops_at_a_call(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        yield Finished() if isinstance(event, Finished) else event


@broken("test_references_are_issued_and_taken", "no id was issued")
async def keeps_its_ids_to_itself(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if not isinstance(event, ReferenceIssued):
            yield event


@broken("test_references_are_issued_and_taken", "dead at birth")
async def issues_dead_ids(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, ReferenceIssued):
            event = replace(event, expires_at=1.0)
        yield event


@broken("test_references_are_issued_and_taken", "are declared")
async def tells_a_wrong_lifetime(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, ReferenceIssued) and event.expires_at is not None:
            event = replace(event, expires_at=event.expires_at + 86400)
        yield event


@broken(ROW, "in a total of")
async def counts_audio_beside_the_total(
    events: Events, request: Request
) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, UsageReported):
            usage = event.usage
            event = UsageReported(
                usage=usage.model_copy(update={"output_tokens": usage.output_text_tokens})
            )
        yield event


@broken("test_usage_fits_the_call", "is not counted")
async def gives_audio_away(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, UsageReported):
            event = UsageReported(usage=event.usage.model_copy(update={"output_audio_tokens": 0}))
        yield event


@broken("test_usage_fits_the_call", "at 10.0 a second")
async def counts_tenfold(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, UsageReported):
            audio = (event.usage.output_audio_tokens or 0) * 10
            event = UsageReported(
                usage=event.usage.model_copy(
                    update={"output_audio_tokens": audio, "output_tokens": audio + 50}
                )
            )
        yield event


@broken("test_usage_fits_the_call", "where none was sent")
async def counts_audio_that_is_not_there(
    events: Events, request: Request
) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, UsageReported) and not event.usage.input_audio_tokens:
            tokens = (event.usage.input_tokens or 0) + 9
            event = UsageReported(
                usage=event.usage.model_copy(
                    update={"input_audio_tokens": 9, "input_tokens": tokens}
                )
            )
        yield event


@broken("test_cancellation_passes_through", "as if it were complete|was asked for and none came")
async def swallows_cancellation(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    found: list[Event] = []
    try:
        async for event in events:
            found.append(event)
    except anyio.get_cancelled_exc_class():
        found = [one for one in found if isinstance(one, TextDelta)] or [TextDelta(text="Well.")]
        found.append(Finished())
    for event in found:
        yield event


@broken("test_early_close_is_harmless", "ignored GeneratorExit")
async def talks_while_it_is_closed(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    try:
        async for event in events:
            yield event
    except GeneratorExit:
        yield Finished(reason="length")


@broken("test_no_scope_stays_open", "(?i)cancel scope")
async def holds_a_scope_open(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    with anyio.CancelScope():
        async for event in events:
            yield event


@broken(
    "test_slow_consumers_lose_nothing",
    "differs|is no|came|was asked|another length|not Finished|inside a frame|torn",
)
async def drops_what_nobody_reads(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    import asyncio

    held: deque[Event] = deque(maxlen=3)

    async def pump() -> None:
        async for event in events:
            held.append(event)
            await asyncio.sleep(0)

    task = asyncio.create_task(pump())
    while not task.done() or held:
        if held:
            yield held.popleft()
        else:
            await asyncio.sleep(0)
    await task


@broken("test_answers_cross_processes", "(?i)pickle")
async def yields_what_cannot_travel(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Own(TextDelta):
        pass

    async for event in events:
        yield Own(text=event.text) if isinstance(event, TextDelta) else event


@broken("test_tools_are_called", "a tool call has no id")
async def calls_without_an_id(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        yield replace(event, id=None) if isinstance(event, ToolCallDelta) else event


@broken(ROW, "parts are reported and not their total")
async def tells_parts_only(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, UsageReported):
            event = UsageReported(usage=event.usage.model_copy(update={"input_tokens": None}))
        yield event


@broken(ROW, "is labelled 2")
async def mislabels_its_files(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        if isinstance(event, AudioDelta) and event.format.container == "wav":
            event = replace(event, format=event.format.at(channels=2))
        yield event


@broken("test_references_are_issued_and_taken", "no moment of expiry reported")
async def tells_no_expiry(events: Events, request: Request) -> AsyncGenerator[Any, None]:
    async for event in events:
        yield replace(event, expires_at=None) if isinstance(event, ReferenceIssued) else event
