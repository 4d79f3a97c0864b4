"""Streams of events are complete answers, and any splitting tells the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.strategies.finding import drawn, simplest

from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    ReferenceIssued,
    ReplyFold,
    ReplyStarted,
    ToolCallDelta,
    TranscriptDelta,
)
from ossicle_testing import laws
from ossicle_testing.strategies import event_splittings, event_streams

Events = tuple[Event, ...]


def joined(events: Events, kind: type, name: str) -> list[object]:
    return [getattr(event, name) for event in events if isinstance(event, kind)]


@settings(deadline=None)
@given(event_streams())
def test_a_stream_is_a_complete_answer(events: Events) -> None:
    fold = ReplyFold(provider="p", model="m")
    for event in events:
        assert not fold.is_complete
        fold.add(event)
    assert fold.is_complete
    reply = fold.reply()
    assert bool(reply.tool_calls) == (reply.finish_reason == "tool_calls")


@settings(deadline=None)
@given(st.data(), event_streams())
def test_a_splitting_tells_the_same(data: st.DataObject, events: Events) -> None:
    split = data.draw(event_splittings(events))
    laws.fold_is_split_invariant(events, split)
    assert split[-1] == events[-1]
    assert not any(isinstance(event, ReplyStarted) for event in split[1:])
    assert b"".join(joined(split, AudioDelta, "data")) == b"".join(  # type: ignore[arg-type]
        joined(events, AudioDelta, "data")  # type: ignore[arg-type]
    )


@pytest.mark.slow
def test_the_mean_cuts_are_drawn() -> None:
    form = next(
        event.format
        for events in drawn(event_streams(), 100)
        for event in events
        if isinstance(event, AudioDelta)
    )
    answer: Events = (
        AudioDelta(data=b"\1\2\3\4", format=form),
        TranscriptDelta(text="ü"),
        ToolCallDelta(index=0, id="call", name="clock", arguments="{}"),
        Finished(reason="tool_calls"),
    )
    splits = drawn(event_splittings(answer), 200)
    assert any(len(part) % 2 for split in splits for part in joined(split, AudioDelta, "data"))  # type: ignore[arg-type]
    assert any("{" in joined(split, ToolCallDelta, "arguments") for split in splits)
    assert any(isinstance(split[0], TranscriptDelta) for split in splits)
    assert simplest(event_splittings(answer), lambda split: True) == answer


@pytest.mark.slow
def test_a_failing_answer_shrinks_to_what_matters() -> None:
    assert simplest(event_streams(), lambda events: True) == (Finished(),)
    spoken = simplest(event_streams(), lambda events: bool(joined(events, TranscriptDelta, "text")))
    assert spoken == (TranscriptDelta(text="hello"), Finished())
    kept = simplest(event_streams(), lambda events: bool(joined(events, ReferenceIssued, "id")))
    assert [type(event) for event in kept] == [AudioDelta, ReferenceIssued, Finished]
