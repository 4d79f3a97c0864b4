"""Options of calls: each method's are a part of all, and each is shown and described."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

from ossicle import AsyncClient, AsyncConversation, Client, Conversation
from ossicle.client import AsyncConversations, Conversations
from ossicle.pipeline import (
    CallOptions,
    RespondOptions,
    SpeakOptions,
    TranscribeOptions,
    TurnOptions,
    check_names,
)

METHODS = [
    getattr(face, name)
    for faces, names in (
        ((AsyncClient, Client), "respond stream speak transcribe explain conversation __init__"),
        ((AsyncConversation, Conversation), "send stream"),
        ((AsyncConversations, Conversations), "open load"),
    )
    for face in faces
    for name in names.split()
]


@pytest.mark.parametrize("options", [RespondOptions, SpeakOptions, TranscribeOptions, TurnOptions])
def test_options_of_one_method_are_a_part_of_all(options: type) -> None:
    everything = CallOptions.__annotations__
    assert options.__annotations__.items() <= everything.items()


@pytest.mark.parametrize("method", METHODS, ids=lambda one: one.__qualname__)
def test_help_shows_every_option_with_what_it_means(method: Callable[..., object]) -> None:
    named = [
        one.name
        for one in inspect.signature(method).parameters.values()
        if one.kind is one.KEYWORD_ONLY
    ]
    assert named
    assert not any(
        one.kind is one.VAR_KEYWORD for one in inspect.signature(method).parameters.values()
    )
    doc = method.__doc__ or ""
    if method.__qualname__.startswith("Async"):
        for name in named:
            assert re.search(rf"^ +{name}: .{{10}}", doc, re.MULTILINE), name


def test_an_unknown_name_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(TypeError, match=r"speak\(\) got .*'voise'. Did you mean 'voice'"):
        check_names("speak", {"voise": "x"}, SpeakOptions)
    with Client("echo") as client:
        with pytest.raises(TypeError, match="unexpected keyword argument 'task'"):
            client.respond("hi", task="speak")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="Did you mean 'tools'"):
            client.conversation().send("hi", tool=[])  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="Did you mean 'tools'"):
            client.conversation(tool=[])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Did you mean 'base_url'"):
        Client("echo", base_uri="x")  # type: ignore[call-arg]
