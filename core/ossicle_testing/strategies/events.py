"""Answers as streams of events, and other tellings of the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from ossicle.audio import AudioFormat
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    FinishReason,
    InputHeard,
    ReferenceIssued,
    ReplyStarted,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
    Usage,
    UsageReported,
)
from ossicle_testing.strategies.cuts import splittings
from ossicle_testing.strategies.words import sentences

_SAMPLES = st.binary(max_size=64).filter(lambda data: len(data) % 2 == 0)


@st.composite
def event_streams(draw: st.DrawFn, *, sample_rate: int = 24000) -> tuple[Event, ...]:
    """Complete answers as a provider may give them: any mix of text, speech and tool calls.

    The simplest is an answer of nothing: `(Finished(reason='stop'),)`.

    Args:
        draw: Given by Hypothesis.
        sample_rate: Of the speech, raw 16-bit samples in mono, in Hz.
    """
    form = AudioFormat.pcm(sample_rate=sample_rate)
    events: list[Event] = []
    if draw(st.booleans()):
        events.append(ReplyStarted(reply_id="reply", model="model", request_id="request"))
    if draw(st.booleans()):
        events.append(InputHeard(text=draw(sentences())))
    delta = st.one_of(
        st.builds(TextDelta, text=sentences()),
        st.builds(TranscriptDelta, text=sentences()),
        st.builds(AudioDelta, data=_SAMPLES, format=st.just(form)),
    )
    events += draw(st.lists(delta, max_size=4))
    calls = draw(st.integers(0, 2))
    for index in range(calls):
        name = draw(st.sampled_from(("clock", "search")))
        events.append(ToolCallDelta(index=index, id=f"call_{index}", name=name))
        events.append(ToolCallDelta(index=index, arguments=draw(st.sampled_from(_ARGUMENTS))))
    if any(isinstance(event, AudioDelta) for event in events) and draw(st.booleans()):
        expires_at = draw(st.none() | st.just(1_795_352_400.0))
        events.append(ReferenceIssued(id="audio_1", expires_at=expires_at))
    if draw(st.booleans()):
        usage = Usage(input_tokens=draw(st.integers(0, 99)), output_tokens=draw(st.integers(0, 99)))
        events.append(UsageReported(usage=usage))
    reasons: tuple[FinishReason, ...] = ("stop", "length", "content_filter")
    reason: FinishReason = draw(st.sampled_from(reasons))
    return (*events, Finished(reason="tool_calls" if calls else reason))


_ARGUMENTS = ("{}", '{"query": "ünïcode"}', '{"at": 12.5, "also": ["a", "b"]}')


@st.composite
def event_splittings(draw: st.DrawFn, events: Sequence[Event]) -> tuple[Event, ...]:
    """The same answer in other pieces: every delta cut anywhere, samples in half as well.

    What is said of different things may also come in another order; pieces of one thing do not, and
    `ReplyStarted` stays first.

    Args:
        draw: Given by Hypothesis.
        events: A complete answer; the audio of encoded files is one piece and stays so.
    """
    *told, last = events
    queues: dict[object, list[Event]] = {}
    for event in told:
        key = (type(event), getattr(event, "index", None))
        queues.setdefault(key, []).extend(draw(_pieces(event)))
    first = queues.pop((ReplyStarted, None), [])
    order = draw(st.permutations([key for key, pieces in queues.items() for _ in pieces]))
    return (*first, *(queues[key].pop(0) for key in order), last)


def _pieces(event: Event) -> st.SearchStrategy[list[Event]]:
    match event:
        case AudioDelta(data=data, format=form) if form.container == "raw":
            cut = splittings(data, max_chunks=5)
            return cut.map(lambda parts: [replace(event, data=part) for part in parts])
        case TextDelta(text=text) | TranscriptDelta(text=text):
            words = splittings(text, max_chunks=5)
            return words.map(lambda parts: [replace(event, text=part) for part in parts])
        case ToolCallDelta(arguments=text):
            json_text = splittings(text, max_chunks=5)
            return json_text.map(lambda parts: [replace(event, arguments=part) for part in parts])
    return st.just([event])
