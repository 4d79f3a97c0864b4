"""Options of a call, defined once: what is shown of them, and what is refused by name."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest

from ossicle import AsyncClient, AsyncConversation, Client, Conversation

METHODS = [
    (kind, name)
    for kinds, names in (
        ((Client, AsyncClient), ("respond", "stream", "speak", "transcribe", "explain")),
        ((Conversation, AsyncConversation), ("send", "stream")),
    )
    for kind in kinds
    for name in names
]


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_help_names_and_describes_each_option(kind: type, name: str) -> None:
    method = getattr(kind, name)
    described = pydoc.plain(pydoc.render_doc(method)).partition("Args:")[2]
    named = inspect.signature(method).parameters.values()
    options = [one.name for one in named if one.kind is one.KEYWORD_ONLY]
    assert {"language", "timeout_s", "provider_options"} <= set(options)
    told = described.partition("Raises:")[0]
    assert [one for one in options if f" {one}: " not in told and one not in GIVEN] == []
    assert "**options" not in str(inspect.signature(method))


GIVEN = {"audio", "history"}
"""No options; the async methods describe them, to which the blocking ones point."""


@pytest.mark.parametrize("method", ["respond", "speak", "explain", "stream"])
def test_an_unknown_option_is_refused_with_the_one_that_was_meant(method: str) -> None:
    wrong: dict[str, Any] = {"voise": "alloy"}
    with Client("echo") as client, pytest.raises(TypeError) as caught:
        made = getattr(client, method)("hello", **wrong)
        with made:  # a stream's are refused when it is entered
            pass
    said = f"{method}() got an unexpected keyword argument 'voise'. Did you mean 'voice'?"
    assert str(caught.value) == said


def test_an_option_of_another_task_is_unknown() -> None:
    with Client("echo") as client:
        with pytest.raises(TypeError, match=r"speak\(\) got .* 'tools'"):
            client.speak("hello", tools=[])  # type: ignore[call-arg]
        with pytest.raises(TypeError, match=r"send\(\) got .* 'instructions'"):
            client.conversation().send("hello", instructions="x")  # type: ignore[call-arg]
