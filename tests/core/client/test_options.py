"""Options of a call, defined once: what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from ossicle import Client


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
