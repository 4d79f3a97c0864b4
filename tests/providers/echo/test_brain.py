import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossicle_echo.brain
from ossicle.messages import Tool
from ossicle_echo.brain import Turn, answer


def user(text: str, other_s: float = 0.0) -> Turn:
    return Turn(role="user", text=text, other_s=other_s)


def test_docstring_is_true() -> None:
    assert doctest.testmod(ossicle_echo.brain).attempted > 0
    assert doctest.testmod(ossicle_echo.brain).failed == 0


@given(text=st.text())
def test_what_was_said_is_repeated(text: str) -> None:
    if text.strip().rstrip(".!?").lower() not in ("repeat", "turn", "recall"):
        assert answer([user(text)]).text == f"You said: {text}"


@pytest.mark.parametrize(
    ("word", "reply"),
    [
        ("repeat", "You said nothing before."),
        ("Recall!", "I said nothing before."),
        (" turn? ", "This is turn 1."),
    ],
)
def test_first_turn_has_nothing_before_it(word: str, reply: str) -> None:
    assert answer([user(word)]).text == reply


def test_memory_reaches_to_the_turn_before() -> None:
    turns = [user("one"), Turn(role="assistant", text="two"), user("three")]
    assert answer([*turns, user("repeat")]).text == "Before that you said: three"
    assert answer([*turns, user("recall")]).text == "I said: two"
    assert answer([*turns, user("turn")]).text == "This is turn 3."


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("call look", "{}"),
        ("CALL look {}".lower(), "{}"),
        ('call look {"a": [1, {"b": 2}]}', '{"a": [1, {"b": 2}]}'),
        (' call look\n{"a":\n1}. ', '{"a":\n1}'),
    ],
)
def test_call_is_understood(text: str, arguments: str) -> None:
    call = answer([user(text)], tools=[Tool(name="look")]).call
    assert call is not None
    assert (call.name, call.arguments) == ("look", arguments)


@pytest.mark.parametrize(
    "text", ["call other {}", "call look {broken", 'call look {"a"}', "please call look {}"]
)
def test_what_is_no_call_is_repeated(text: str) -> None:
    reply = answer([user(text)], tools=[Tool(name="look")])
    assert reply.call is None
    assert reply.text == f"You said: {text}"


def test_call_without_tools_is_repeated() -> None:
    assert answer([user("call look {}")]).text == "You said: call look {}"
