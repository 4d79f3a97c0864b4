"""Tool calls of a stream: each call once and whole, however a server numbers them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import InvalidReplyError
from ossicle.messages import ToolCallDelta
from ossicle.messages.fold import ToolCallFold

CET, UTC = '{"zone": "CET"}', '{"zone": "UTC"}'


def folded(*events: ToolCallDelta) -> list[tuple[str, str, str]]:
    fold = ToolCallFold("vendor")
    for event in events:
        fold.add(event)
    return [(call.id, call.name, call.arguments) for call in fold.calls()]


def test_a_new_id_at_a_known_index_begins_a_new_call() -> None:
    assert folded(
        ToolCallDelta(index=0, id="t1", name="clock", arguments=CET),
        ToolCallDelta(index=0, id="t2", name="clock", arguments=UTC[:5]),
        ToolCallDelta(index=0, arguments=UTC[5:]),
    ) == [("t1", "clock", CET), ("t2", "clock", UTC)]


def test_pieces_with_their_ids_may_be_interleaved() -> None:
    assert folded(
        ToolCallDelta(index=0, id="t1", name="clock", arguments=CET[:4]),
        ToolCallDelta(index=0, id="t2", name="clock", arguments=UTC[:6]),
        ToolCallDelta(index=0, id="t1", name="clock", arguments=CET[4:]),
        ToolCallDelta(index=0, id="t2", name="clock", arguments=UTC[6:]),
    ) == [("t1", "clock", CET), ("t2", "clock", UTC)]


def test_an_id_that_is_repeated_or_comes_late_is_the_same_call() -> None:
    assert folded(
        ToolCallDelta(index=1, name="clock", arguments=UTC[:3]),
        ToolCallDelta(index=1, id="t2", arguments=UTC[3:7]),
        ToolCallDelta(index=1, id="t2", name="clock", arguments=UTC[7:]),
        ToolCallDelta(index=0, id="t1", name="clock", arguments=CET),
    ) == [("t1", "clock", CET), ("t2", "clock", UTC)]


def test_another_name_without_ids_is_another_call() -> None:
    found = folded(
        ToolCallDelta(index=0, name="clock", arguments=CET),
        ToolCallDelta(index=0, name="weather", arguments="{}"),
    )
    assert [(name, arguments) for _, name, arguments in found] == [
        ("clock", CET),
        ("weather", "{}"),
    ]
    assert len({one for one, _, _ in found}) == 2


@pytest.mark.parametrize("gap", ["", " ", "\n"])
def test_two_objects_under_one_id_are_two_calls(gap: str) -> None:
    assert folded(ToolCallDelta(index=0, id="t", name="clock", arguments=CET + gap + UTC)) == [
        ("t", "clock", CET),
        ("t_2", "clock", UTC),
    ]


@pytest.mark.parametrize("broken", ['{"zone": ', '{"a": 1} [2]', "[1]", '{"a": 1}x', '"text"'])
def test_arguments_that_are_no_objects_are_left_as_they_came(broken: str) -> None:
    assert folded(ToolCallDelta(index=0, id="t", name="f", arguments=broken)) == [
        ("t", "f", broken)
    ]


def test_no_arguments_are_an_empty_object_and_a_call_without_a_name_is_refused() -> None:
    assert folded(ToolCallDelta(index=0, name="f")) == [("call_0", "f", "{}")]
    with pytest.raises(InvalidReplyError, match="no name"):
        folded(ToolCallDelta(index=0, id="t", arguments="{}"))


@given(st.data())
def test_any_numbering_that_tells_calls_apart_gives_the_same_calls(data: st.DataObject) -> None:
    values = data.draw(st.lists(st.dictionaries(st.text(max_size=3), st.integers()), max_size=4))
    texts = [json.dumps(value) for value in values]
    numbered = data.draw(st.booleans())
    events = []
    for nth, text in enumerate(texts):
        index = nth if numbered else 0
        cut = data.draw(st.integers(0, len(text)))
        events.append(ToolCallDelta(index=index, id=f"t{nth}", name="f", arguments=text[:cut]))
        events.append(ToolCallDelta(index=index, arguments=text[cut:]))
    assert folded(*events) == [(f"t{nth}", "f", text) for nth, text in enumerate(texts)]
