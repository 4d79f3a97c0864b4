"""Histories are what a provider may be given, and shrink to one that reads like a story."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.testing.strategies.finding import drawn, simplest

from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle_testing.strategies import Step, conversation_steps, conversations

Messages = tuple[Message, ...]


@settings(deadline=None)
@given(conversations())
def test_histories_hold_together(messages: Messages) -> None:
    assert messages[-1].role in ("user", "tool")
    ids = []
    for before, message in zip((None, *messages), messages, strict=False):
        kinds = {type(part) for part in message.parts}
        assert message.parts
        assert ToolCallPart not in kinds or message.role == "assistant"
        assert AudioReference not in kinds or message.role == "assistant"
        if message.role == "tool":
            assert before is not None
            asked = [part.call.id for part in before.parts if isinstance(part, ToolCallPart)]
            told = [part.call_id for part in message.parts if isinstance(part, ToolResultPart)]
            assert told == asked
            ids += asked
            for part in before.parts:
                assert not isinstance(part, ToolCallPart) or isinstance(part.call.parsed(), dict)
        assert Message.model_validate_json(message.model_dump_json()) == message
    assert len(ids) == len(set(ids))


def has(messages: Messages, kind: type, role: str) -> bool:
    return any(isinstance(p, kind) and m.role == role for m in messages for p in m.parts)


def test_the_simplest_history_is_a_greeting() -> None:
    found = simplest(conversations(), lambda messages: True)
    assert found == (Message(role="user", parts=(TextPart(text="hello"),)),)


@pytest.mark.slow
def test_a_failing_history_shrinks_to_the_turn_that_matters() -> None:
    found = simplest(conversations(), lambda messages: has(messages, AudioReference, "assistant"))
    assert [message.role for message in found] == ["user", "assistant", "user"]
    assert [message.text for message in found] == ["hello", "hello", "hello"]
    spoken = simplest(conversations(), lambda messages: has(messages, AudioPart, "user"))
    [message] = spoken
    [part] = message.parts
    assert repr(part) == (
        "AudioPart(kind='audio', clip=AudioClip(pcm16 8000 Hz 1 ch, 0.00 s, 2 bytes), "
        "transcript=None)"
    )
    called = simplest(conversations(), lambda messages: has(messages, ToolResultPart, "tool"))
    assert [message.role for message in called] == ["user", "assistant", "tool"]
    calls = {call.arguments for call in calls_of(called)}
    assert calls == {"{}"}


def calls_of(messages: Messages) -> list[ToolCall]:
    return [p.call for m in messages for p in m.parts if isinstance(p, ToolCallPart)]


@pytest.mark.slow
def test_tools_are_called_with_arguments_and_without() -> None:
    told = {call.arguments for one in drawn(conversations(), 100) for call in calls_of(one)}
    assert "{}" in told
    assert len(told) > 5
    found = simplest(conversations(), lambda one: any(c.arguments != "{}" for c in calls_of(one)))
    assert [call.arguments for call in calls_of(found)] == ['{"a": ""}']


def test_only_what_was_asked_for_is_drawn() -> None:
    plain = conversations(answers=("text",), speaks=False, has_tools=False)
    for messages in drawn(plain, 50):
        assert {message.role for message in messages} <= {"user", "assistant"}
        assert all(message.modalities == {"text"} for message in messages)


@pytest.mark.slow
def test_steps_begin_with_something_said_and_shrink_to_it() -> None:
    assert simplest(conversation_steps(), lambda steps: True) == (Step(kind="say", text="hello"),)
    late = simplest(conversation_steps(), lambda steps: sum(s.wait_s for s in steps) > 3600)
    assert [step.kind for step in late] in (["say", "wait"], ["say", "wait", "wait"])
    kinds = {step.kind for steps in drawn(conversation_steps(), 100) for step in steps}
    assert kinds == {"say", "wait", "branch", "undo", "reopen", "switch"}
