"""A conversation judges its arguments as the client does, by the same mechanism."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle import Client
from ossicle.errors import ConfigurationError, OssicleError, UnsupportedModalityError

outputs = st.one_of(
    st.sampled_from(["text", "audio", "video", "", 5, None, True]),
    st.lists(st.sampled_from(["text", "audio", "video", 5, None, ("text",)]), max_size=3),
    st.just([["text"]]),
    st.just({"text", "audio"}),
    st.just(b"text"),
)
options = st.one_of(
    st.just({}),
    st.sampled_from([{"opneai": {"x": 1}}, {"openai": {}}, {"echo": {}}, 5, [1], {1: {}}]),
)


def outcome(ask: Callable[[], Any]) -> tuple[type[BaseException] | None, str]:
    try:
        ask()
    except OssicleError as error:
        return type(error), error.what
    return None, ""


@settings(deadline=None, max_examples=tried(60))
@given(output=outputs, provider_options=options)
def test_what_the_client_refuses_the_conversation_refuses(
    output: Any, provider_options: Any
) -> None:
    with Client("echo") as client:
        talk = client.conversation()
        wanted: dict[str, Any] = {"output": output, "provider_options": provider_options}

        def stream() -> None:
            with talk.stream("hi", **wanted) as answer:
                answer.collect()

        expected = outcome(lambda: client.respond("hi", **wanted))
        assert outcome(lambda: talk.send("hi", **wanted)) == expected
        assert outcome(stream) == expected


@pytest.mark.parametrize(
    "wrong", [{"output": 5}, {"output": []}, {"output": "video"}, {"provider_options": {"no": {}}}]
)
def test_a_wrong_argument_is_no_turn(wrong: dict[str, Any]) -> None:
    with Client("echo") as client:
        talk = client.conversation()
        with pytest.raises(ConfigurationError):
            talk.send("hi", **wrong)
        assert talk.turns == ()


def test_one_output_may_be_given_as_a_word() -> None:
    with Client("echo") as client, pytest.raises(UnsupportedModalityError, match="text to text"):
        client.conversation().send("hi", output="text")
