from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from ossicle.messages import (
    Message,
    NamedTool,
    TextPart,
    Tool,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle_local.brain import RuleBrain

pytestmark = pytest.mark.anyio

NOON = datetime.datetime(2026, 11, 22, 12, 5)  # a Sunday


def turn(text: str, role: str = "user") -> Message:
    return Message.model_validate({"role": role, "parts": [TextPart(text=text)]})


async def pieces(*messages: Message, **wishes: Any) -> list[str | ToolCall]:
    brain = RuleBrain(now=lambda: NOON)
    return [piece async for piece in brain.think(messages, **wishes)]


async def answer(*said: str, instructions: str | None = None) -> str:
    """The answer to the last of several turns, user and assistant alternating."""
    messages = [turn(text, "assistant" if n % 2 else "user") for n, text in enumerate(said)]
    found = await pieces(*messages, instructions=instructions)
    return "".join(piece for piece in found if isinstance(piece, str))


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("What is seven times eight?", "seven times eight is 56."),
        ("what's 7 x 8", "7 x 8 is 56."),
        ("How much is twenty one plus 4.5", "twenty one plus 4.5 is 25.5."),
        ("Ten divided by four.", "ten divided by four is 2.5."),
        ("7-2?", "7 - 2 is 5."),
        ("One divided by zero", "I cannot divide by zero."),
        ("What time is it?", "It is 12:05."),
        ("What day is it today?", "Today is Sunday, November 22."),
        ("Please say: the bells ring", "The bells ring."),
        ("Repeat after me, what time is it?", "What time is it?"),
        ("Thank you.", "You are welcome."),
        ("Goodbye", "Goodbye."),
        ("", "I did not hear any words."),
        (" \n", "I did not hear any words."),
        ("Blue is nice.", "You said: Blue is nice."),
        ("今日は", "You said: 今日は"),
        ("What did I say before?", "You have not said anything before."),
        ("What is my name?", "You have not told me your name."),
    ],
)
async def test_single_questions(question: str, reply: str) -> None:
    assert await answer(question) == reply


async def test_what_was_said_is_remembered() -> None:
    assert await answer("The cat sat.", "Yes.", "What did I say before?") == (
        "Before, you said: The cat sat."
    )
    assert await answer("One.", "Yes.", "Two.", "Yes.", "What did I say first?") == (
        "Before, you said: One."
    )
    assert await answer("One.", "Uno.", "What did you say?") == "I said: Uno."


async def test_what_was_told_is_remembered() -> None:
    assert await answer("My name is Ada Lovelace.") == "Nice to meet you, Ada Lovelace."
    told = ("My name is Ada.", "Nice.", "My favourite colour is deep blue.", "I see.")
    assert await answer(*told, "What's my name?") == "Your name is Ada."
    assert await answer(*told, "What is my favourite colour") == (
        "Your favourite colour is deep blue."
    )
    assert await answer(*told, "Call me Bo.", "Yes.", "Who am I?") == "Your name is Bo."


async def test_instructions_give_a_name() -> None:
    assert await answer("Who are you?", instructions="Your name is Iris. Be brief.") == (
        "My name is Iris."
    )
    assert "Iris" in await answer("Hello", instructions="Your name is Iris.")


async def test_the_answer_comes_word_by_word() -> None:
    assert await pieces(turn("Thank you")) == ["You ", "are ", "welcome."]


WEATHER = Tool(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer"},
        },
        "required": ["city"],
    },
)
LIGHT = Tool(
    name="switchLight",
    parameters={
        "type": "object",
        "properties": {
            "room": {"type": "string"},
            "on": {"type": "boolean"},
            "level": {"type": "number"},
        },
        "required": ["room", "on", "level"],
    },
)
BARE = Tool(name="tick")


@pytest.mark.parametrize(
    ("request_text", "name", "arguments"),
    [
        ("What's the weather in Paris?", "get_weather", {"city": "Paris"}),
        (
            "Give me the weather for 3 days in fahrenheit, city New York.",
            "get_weather",
            {"city": "New York", "unit": "fahrenheit", "days": 3},
        ),
        ("Weather!", "get_weather", {"city": "Weather!"}),
        (
            "Switch the light off in the kitchen",
            "switchLight",
            {"room": "the kitchen", "on": False, "level": 0},
        ),
        ("tick", "tick", {}),
    ],
)
async def test_a_tool_named_in_the_request_is_called(
    request_text: str, name: str, arguments: dict[str, object]
) -> None:
    (call,) = await pieces(turn(request_text), tools=(WEATHER, LIGHT, BARE))
    assert isinstance(call, ToolCall)
    assert (call.id, call.name, call.parsed()) == ("call_1", name, arguments)


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("auto", []),
        (None, []),
        ("none", []),
        ("required", ["get_weather"]),
        (NamedTool(name="tick"), ["tick"]),
    ],
)
async def test_the_choice_of_tools_is_obeyed(choice: object, called: Sequence[str]) -> None:
    found = await pieces(turn("Thanks"), tools=(WEATHER, BARE), tool_choice=choice)
    assert [piece.name for piece in found if isinstance(piece, ToolCall)] == called
    if choice == "none":
        found = await pieces(turn("weather"), tools=(WEATHER,), tool_choice=choice)
        assert not any(isinstance(piece, ToolCall) for piece in found)


@pytest.mark.parametrize(
    ("content", "is_error", "reply"),
    [
        ('{"temperature": 21, "sky_is": "clear"}', False,
         "The result: temperature is 21, sky is is clear."),
        ("It rains.", False, "The result: It rains."),
        ("42", False, "The result: 42."),
        ("secret trace", True, "The tool failed."),
    ],
)  # fmt: skip
async def test_a_result_is_read_out_and_not_asked_for_again(
    content: str, is_error: bool, reply: str
) -> None:
    call = ToolCall(id="call_1", name="get_weather", arguments='{"city": "Paris"}')
    result = ToolResultPart(call_id="call_1", content=content, is_error=is_error)
    history = (
        turn("What's the weather in Paris?"),
        Message(role="assistant", parts=(ToolCallPart(call=call),)),
        Message(role="tool", parts=(result,)),
    )
    found = await pieces(*history, tools=(WEATHER,))
    assert "".join(piece for piece in found if isinstance(piece, str)) == reply
    (again,) = await pieces(
        *history, turn("ok", "assistant"), turn("Weather in Rome?"), tools=(WEATHER,)
    )
    assert isinstance(again, ToolCall)
    assert again.id == "call_2"


async def test_odd_schemas_do_no_harm() -> None:
    for parameters in ({}, {"properties": None}, {"properties": {"a": True}, "required": ["a"]},
                       {"properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
                       {"properties": {"a": {"type": "array"}}, "required": ["a"]}):  # fmt: skip
        tool = Tool(name="tick", parameters=parameters)
        (call,) = await pieces(turn("tick"), tools=(tool,))
        assert isinstance(call, ToolCall)
        call.parsed()
