"""A client that has no more calls at a provider than it may; everyone gets their turn."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from tests.core.books import Elsewhere, SlowBooks
from tests.core.client.cached import SPEAKER, Heard, blocking

from ossicle import AsyncClient, Client
from ossicle.errors import (
    BudgetExceededError,
    ConfigurationError,
    DeadlineExceededError,
    ProviderUnavailableError,
)
from ossicle.messages import Event, Request, Tool
from ossicle.pipeline import PipelineSettings
from ossicle.policy import (
    Allowance,
    Amount,
    Budget,
    BudgetLimits,
    RetryPolicy,
)
from ossicle.storage import AudioCache, MemoryStore
from ossicle_echo.provider import EchoProvider
from ossicle_testing.vendors import FaultKind, ListedFaults
from ossicle_testing.vendors.openai import FakeOpenAI

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class Counted(EchoProvider):
    """Counts how many calls are here, and were at most; each takes some turns of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.here = self.most = self.calls = 0

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        self.here, self.calls = self.here + 1, self.calls + 1
        self.most = max(self.most, self.here)
        try:
            await anyio.sleep(0.01)
            async with aclosing(super().respond(request)) as events:
                async for event in events:
                    yield event
        finally:
            self.here -= 1


@BACKENDS
@pytest.mark.parametrize("most", [1, 3])
def test_no_more_calls_are_at_a_provider_than_may_be(backend: str, most: int) -> None:
    async def run() -> None:
        provider = Counted()
        async with AsyncClient(provider, model="chat", max_concurrency=most) as client:
            views = [client.for_tenant(name) for name in ("ada", "bob", "cyd")]
            async with anyio.create_task_group() as tasks:
                for view, number in itertools.product(views, range(4)):
                    tasks.start_soon(view.respond, f"question {number}")
        assert (provider.most, provider.calls, provider.here) == (most, 12, 0)

    anyio.run(run, backend=backend)


def test_callers_in_threads_wait_for_each_other_too() -> None:
    provider = Counted()
    with (
        Client(provider, model="chat", max_concurrency=2) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        list(threads.map(client.respond, map(str, range(8))))
    assert (provider.most, provider.calls) == (2, 8)


@BACKENDS
def test_who_finds_no_room_in_time_has_sent_and_booked_nothing(backend: str) -> None:
    async def run() -> None:
        provider = Counted()
        budget = Budget(BudgetLimits())
        async with AsyncClient(provider, model="chat", max_concurrency=1, budget=budget) as client:
            async with client.stream("a long story") as stream:
                await anext(stream)
                held = budget.held_today()
                with pytest.raises(DeadlineExceededError, match="room") as caught:
                    await client.respond("in between", timeout_s=0.1)
                assert caught.value.receipt is not None
                assert caught.value.receipt.attempts == ()
                assert budget.held_today() == held
            await client.respond("afterwards", timeout_s=5)
        assert provider.calls == 2

    anyio.run(run, backend=backend)


@BACKENDS
@pytest.mark.parametrize("way", ["read", "left", "cancelled", "failed", "refused"])
def test_however_a_call_ends_it_makes_room(backend: str, way: str) -> None:
    async def run() -> None:
        script: dict[str, Any] = {"fail_with": "provider_unavailable"} if way == "failed" else {}
        limits = BudgetLimits(on_unknown="allow")
        async with AsyncClient(
            "echo", max_concurrency=1, retry=RetryPolicy(attempts=1), budget=limits
        ) as client:
            for _ in range(3):
                match way:
                    case "read":  # and not closed before the next is asked
                        async with client.stream("hello") as stream:
                            await stream.collect()
                            await client.respond("and another", timeout_s=5)
                    case "left":
                        async with client.stream("hello") as stream:
                            await anext(stream)
                    case "cancelled":
                        with anyio.move_on_after(0.05):
                            await client.respond(
                                "hello", provider_options={"echo": {"pause_s": 60}}
                            )
                    case "failed":
                        with pytest.raises(ProviderUnavailableError):
                            await client.respond("hello", provider_options={"echo": script})
                    case "refused":
                        tight = BudgetLimits(call=Allowance(tokens=1))
                        async with AsyncClient("echo", max_concurrency=1, budget=tight) as other:
                            for _ in range(2):
                                with pytest.raises(BudgetExceededError):
                                    await other.respond("hello", max_output_tokens=50, timeout_s=5)
            await client.respond("at last", timeout_s=5)

    anyio.run(run, backend=backend)


def test_repeats_caches_and_conversations_need_no_second_slot() -> None:
    faults = ListedFaults([FaultKind.STATUS_503])
    with (
        FakeOpenAI(schedule=faults) as vendor,
        blocking(
            vendor,
            max_concurrency=1,
            timeout_s=10,
            settings=PipelineSettings(quality="off"),
            cache=AudioCache(MemoryStore()),
            retry=RetryPolicy(base_s=0.001),
        ) as client,
    ):
        repeated = client.speak("hello", model=SPEAKER).receipt
        assert repeated is not None
        assert len(repeated.attempts) == 2
        client.speak("hello", model=SPEAKER)
        conversation = client.conversation()
        spoken = client.speak("what is the time", model=SPEAKER).audio
        assert spoken is not None
        for _ in range(3):
            conversation.send(audio=spoken)
        assert [turn.state for turn in conversation.turns] == ["committed"] * 3


def test_less_than_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="concurrency limit of 0"):
        Client("echo", max_concurrency=0)


def calls_at(client: AsyncClient, provider: str = "echo") -> int:
    return client._router.runtime.concurrency.of(provider).in_use


@pytest.mark.parametrize("way", ["respond", "cached", "conversation", "stream"])
@pytest.mark.parametrize("how", ["cancel", "timeout", "failure"])
def test_who_leaves_while_the_books_are_asked_makes_room(way: str, how: str) -> None:
    async def ask(client: AsyncClient) -> None:
        match way:
            case "respond" | "cached":
                use: Any = "use" if way == "cached" else None
                await client.respond("hi", max_output_tokens=5, cache=use)
            case "conversation":
                await client.conversation().send("hi", max_output_tokens=5)
            case "stream":
                async with client.stream("hi", max_output_tokens=5) as stream:
                    await stream.collect()

    async def run() -> None:
        error = RuntimeError("the disk is gone") if how == "failure" else None
        books = SlowBooks(error=error)
        books.gate.clear()
        elsewhere: Any = Elsewhere(books)
        budget = Budget(BudgetLimits(), ledger=elsewhere)
        cache = AudioCache(MemoryStore())
        async with AsyncClient("echo", max_concurrency=1, budget=budget, cache=cache) as client:
            asking = asyncio.ensure_future(ask(client))
            await asyncio.to_thread(books.entered.wait, 20)
            if how == "cancel":
                asking.cancel()
            asyncio.get_running_loop().call_later(0.1, books.gate.set)
            with pytest.raises((asyncio.CancelledError, TimeoutError, RuntimeError)):
                await asyncio.wait_for(asking, 0.02 if how == "timeout" else None)
            # A thread gives it back, and tells nobody.
            while budget.held_today() != Amount() or calls_at(client):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await client.respond("afterwards", timeout_s=5)

    asyncio.run(asyncio.wait_for(run(), 20))


@BACKENDS
@pytest.mark.parametrize("when", ["in line", "at its tool"])
def test_a_turn_that_another_task_closes_asks_nobody_any_more(backend: str, when: str) -> None:
    async def tool(name: str, arguments: object) -> str:
        await anyio.sleep(0.2)
        return "twelve"

    async def run() -> None:
        budget = Budget(BudgetLimits(on_unknown="allow"))
        heard = Heard()
        async with AsyncClient("echo", max_concurrency=1, budget=budget, plugins=[heard]) as client:
            conversation = client.conversation(
                tools=[Tool(name="clock", description="The time.")], on_tool_call=tool
            )
            turns: list[Any] = []

            async def read() -> None:
                async with conversation.stream("call clock {}", timeout_s=5) as turn:
                    turns.append(turn)
                    async for _ in turn:
                        pass

            async with anyio.create_task_group() as tasks:
                if when == "in line":
                    async with client.stream("before it") as before:
                        await anext(before)
                        tasks.start_soon(read)
                        await anyio.sleep(0.1)
                        await turns[0].aclose()
                else:
                    tasks.start_soon(read)
                    await anyio.sleep(0.1)
                    await turns[0].aclose()
            assert turns[0].turn.state == "cancelled"
            assert calls_at(client) == 0
            assert budget.held_today() == Amount()
            # The one before it, and the one that waited; after the tool none.
            n_calls = 2 if when == "in line" else 1
            assert heard.names.count("started") == n_calls, heard.names
            await client.respond("afterwards", timeout_s=5)

    anyio.run(run, backend=backend)


@pytest.mark.parametrize("cache", [None, "use"])
def test_who_finds_no_room_was_refused_and_did_not_fail(cache: Any) -> None:
    heard = Heard()
    kept = AudioCache(MemoryStore())
    with Client("echo", max_concurrency=1, plugins=[heard], cache=kept) as client:
        with client.stream("a long story") as stream:
            next(stream)
            heard.names.clear()
            with pytest.raises(DeadlineExceededError):
                client.respond("in between", timeout_s=0.1, cache=cache)
        assert heard.names[:1] == ["refused"]
        assert client.stats.snapshot().total.failed == 0
