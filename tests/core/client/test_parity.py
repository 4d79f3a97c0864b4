"""The blocking client is the async one's face: the same methods, arguments and defaults."""

from __future__ import annotations

import inspect

import pytest

from ossicle import AsyncClient, AsyncConversation, Client, Conversation
from ossicle.client import AsyncConversations, Conversations

FACES = [(Client, AsyncClient), (Conversation, AsyncConversation)]
FACES += [(Conversations, AsyncConversations)]


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")} - {"close", "aclose"}


def methods(kind: type) -> list[str]:
    named = (name for name in public(kind) if not isinstance(vars(kind)[name], property))
    return sorted(named)


@pytest.mark.parametrize(("blocking", "asynchronous"), FACES)
def test_both_faces_have_the_same_methods(blocking: type, asynchronous: type) -> None:
    assert public(blocking) == public(asynchronous)


@pytest.mark.parametrize(
    ("blocking", "asynchronous", "name"),
    [(Client, AsyncClient, "__init__")]
    + [(*faces, name) for faces in FACES for name in methods(faces[0])],
)
def test_a_method_takes_the_same_arguments(blocking: type, asynchronous: type, name: str) -> None:
    one = inspect.signature(getattr(blocking, name)).parameters
    other = inspect.signature(getattr(asynchronous, name)).parameters
    assert list(one) == list(other)
    for key in one:
        assert one[key].default == other[key].default
        assert one[key].kind == other[key].kind
