"""The blocking client is the async one's face: the same methods, arguments and defaults."""

from __future__ import annotations

import inspect

import pytest

from ossicle import AsyncClient, Client


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")} - {"close", "aclose"}


def test_both_clients_have_the_same_methods() -> None:
    assert public(Client) == public(AsyncClient)


@pytest.mark.parametrize("name", ["__init__", *sorted(public(Client) - {"plugins", "stats"})])
def test_a_method_takes_the_same_arguments(name: str) -> None:
    blocking = inspect.signature(getattr(Client, name)).parameters
    asynchronous = inspect.signature(getattr(AsyncClient, name)).parameters
    assert list(blocking) == list(asynchronous)
    for key in blocking:
        assert blocking[key].default == asynchronous[key].default
        assert blocking[key].kind == asynchronous[key].kind
