"""A client that has no more calls at a provider than it may; everyone gets their turn."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from tests.core.client.cached import SPEAKER, blocking

from ossicle import AsyncClient, Client
from ossicle.errors import (
    BudgetExceededError,
    ConfigurationError,
    DeadlineExceededError,
    ProviderUnavailableError,
)
from ossicle.messages import Event, Request
from ossicle.pipeline import PipelineSettings
from ossicle.policy import Allowance, Budget, BudgetLimits, RetryPolicy
from ossicle.storage import AudioCache, MemoryStore
from ossicle.testing.vendors import FaultKind, ListedFaults
from ossicle.testing.vendors.openai import FakeOpenAI
from ossicle_echo.provider import EchoProvider

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
        assert len(client.speak("hello", model=SPEAKER).receipt.attempts) == 2  # type: ignore[union-attr]
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
