"""Closing a client: it comes back, leaves nothing open, and is final."""

from __future__ import annotations

import threading

import pytest

from ossicle import AsyncClient, Client
from ossicle.errors import ConfigurationError, OssicleError, PluginContractError
from ossicle.storage import MemoryStore
from ossicle_echo.provider import EchoProvider


class Closing(EchoProvider):
    """Says how often it was closed, and may fail at it."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        super().__init__()
        self.name, self._error, self.n_closed = name, error, 0

    async def aclose(self) -> None:
        self.n_closed += 1
        if self._error is not None:
            raise self._error


def close_soon(client: Client) -> None:
    closing = threading.Thread(target=client.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


@pytest.mark.parametrize("n_events", [0, 1, 100])
@pytest.mark.parametrize("is_turn", [False, True])
def test_closing_ends_streams_that_nobody_reads_on(n_events: int, is_turn: bool) -> None:
    client = Client("echo", store=MemoryStore())
    talk = client.conversation()
    with (talk if is_turn else client).stream("hello there, this takes a while") as stream:
        for _, _ in zip(range(n_events), stream, strict=False):
            pass
        close_soon(client)
        if n_events < 100:
            with pytest.raises(ConfigurationError, match="closed while the stream was read"):
                for _ in stream:
                    pass
    if is_turn:
        assert [turn.state for turn in talk.turns] == [
            "cancelled" if n_events < 100 else "committed"
        ]


def test_a_reader_in_another_thread_is_told_that_the_client_was_closed() -> None:
    client = Client("echo")
    met: list[BaseException] = []
    is_open, may_read = threading.Event(), threading.Event()

    def read() -> None:
        try:
            with client.stream("hello") as stream:
                is_open.set()
                may_read.wait(20)
                list(stream)
        except OssicleError as error:
            met.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert is_open.wait(20)
    close_soon(client)
    may_read.set()
    reader.join(20)
    assert [type(error) for error in met] == [ConfigurationError]


@pytest.mark.parametrize("failing", [("a",), ("b",), ("a", "c"), ("a", "b", "c")])
def test_a_provider_that_cannot_be_closed_keeps_no_other_open(failing: tuple[str, ...]) -> None:
    providers = [
        Closing(name, RuntimeError("its words may hold a key") if name in failing else None)
        for name in "abc"
    ]
    client = Client(providers, model="chat")
    client.respond("hi")
    with pytest.raises(PluginContractError) as caught:
        client.close()
    assert [provider.n_closed for provider in providers] == [1, 1, 1]
    assert all(name in caught.value.what for name in failing)
    assert "key" not in str(caught.value)
    client.close()
    assert [provider.n_closed for provider in providers] == [1, 1, 1]
    with pytest.raises(ConfigurationError, match="closed"):
        client.respond("hi")


@pytest.mark.anyio
async def test_a_closed_client_builds_no_providers_that_nobody_closes() -> None:
    mine = Closing("mine")
    client = AsyncClient([mine, "echo"], model="chat")
    view = client.for_tenant("someone")
    await client.aclose()
    await client.aclose()
    assert mine.n_closed == 1
    for one in (client, view):
        with pytest.raises(ConfigurationError, match="client is closed"):
            await one.speak("x", model="echo")
        with pytest.raises(ConfigurationError, match="client is closed"):
            await one.respond("x")
        with pytest.raises(ConfigurationError, match="client is closed"):
            await one.conversation().send("x")
