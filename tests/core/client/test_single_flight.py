"""Callers who want the same at the same time are one call, whoever of them leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import anyio
import pytest
from tests.core.client.cached import SPEAKER, GatedVoice, Heard, concurrent, until

from ossicle import AsyncClient, Budget, BudgetLimits, Reply
from ossicle.errors import (
    AuthenticationError,
    DeadlineExceededError,
    OssicleError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitedError,
)
from ossicle.messages import Event, Receipt, Request
from ossicle.policy import Allowance, RetryPolicy, VirtualClock
from ossicle.storage import AudioCache, MemoryStore
from ossicle_echo.provider import EchoProvider
from ossicle_testing.vendors import FaultKind, ListedFaults
from ossicle_testing.vendors.openai import FakeOpenAI

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def n_callers(client: AsyncClient) -> int:
    call_cache = client._router.runtime.call_cache
    assert call_cache is not None
    return sum(one.n_callers for one in call_cache.executions._by_name.values())


async def crowd(
    client: AsyncClient, voice: GatedVoice, n: int, *, leaders: int = 0, **more: Any
) -> list[Reply]:
    """The replies of `n` callers; `leaders` more begin one after the other, and leave again."""
    replies: list[Reply] = []
    scopes = [anyio.CancelScope() for _ in range(leaders)]

    async def ask(scope: anyio.CancelScope | None = None) -> None:
        with scope or anyio.CancelScope():
            replies.append(await client.speak("hello", model=SPEAKER, **more))

    async with anyio.create_task_group() as tasks:
        for number, scope in enumerate(scopes, start=1):
            tasks.start_soon(ask, scope)
            await until(lambda number=number: n_callers(client) == number)  # type: ignore[misc]
        if leaders:
            await until(lambda: voice.n_waiting == 1)
        for _ in range(n):
            tasks.start_soon(ask)
        await until(lambda: n_callers(client) == n + leaders)
        for number, scope in enumerate(scopes, start=1):
            scope.cancel()
            await until(lambda number=number: n_callers(client) == n + leaders - number)  # type: ignore[misc]
        await until(lambda: voice.n_waiting == 1)
        voice.turn_lock.set()
    return replies


def origins_of(receipts: list[Receipt]) -> dict[str, int]:
    """How many were made and shared; who came a moment late found it stored, which is the same."""
    counted = Counter("shared" if one.cache == "stored" else str(one.cache) for one in receipts)
    return dict(counted)


@BACKENDS
def test_sixty_four_callers_are_one_execution(backend: str) -> None:
    voice, listener = GatedVoice(), Heard()
    # Enough for one call and no more: those who wait need nothing of it.
    limits = BudgetLimits(day=Allowance(money=Decimal("0.0001")))
    budget = Budget(limits)
    with FakeOpenAI(voice=voice) as vendor:

        async def main() -> list[Reply]:
            cache = AudioCache(MemoryStore())
            async with concurrent(vendor, cache=cache, budget=budget, plugins=[listener]) as client:
                return await crowd(client, voice, 64)

        replies = anyio.run(main, backend=backend)
        (entry,) = vendor.ledger.executed
    receipts = [reply.receipt for reply in replies if reply.receipt is not None]
    assert origins_of(receipts) == {"made": 1, "shared": 63}
    assert len({reply.audio.digest for reply in replies if reply.audio is not None}) == 1
    paid = sum(receipt.cost.amount for receipt in receipts if receipt.cost is not None)
    assert paid == entry.bill.amount == budget.spent_today().money > 0
    assert budget.held_today().money == 0
    assert sorted(listener.names) == ["finished"] * 64 + ["started"] * 64


@BACKENDS
@pytest.mark.parametrize("leaders", [1, 3])
def test_a_cancelled_leader_hands_over_what_is_under_way(backend: str, leaders: int) -> None:
    voice, listener = GatedVoice(), Heard()
    budget = Budget(BudgetLimits(on_unknown="allow"))
    with FakeOpenAI(voice=voice) as vendor:

        async def main() -> list[Reply]:
            cache = AudioCache(MemoryStore())
            async with concurrent(vendor, cache=cache, budget=budget, plugins=[listener]) as client:
                replies = await crowd(client, voice, 61, leaders=leaders)
                assert n_callers(client) == 0
                return replies

        replies = anyio.run(main, backend=backend)
        vendor.ledger.wait_idle()
        (entry,) = vendor.ledger.entries
    assert entry.executed
    assert not entry.aborted
    receipts = [reply.receipt for reply in replies if reply.receipt is not None]
    assert origins_of(receipts) == {"made": 1, "shared": 60}
    # Who inherits the call inherits its cost and its attempts: the books are complete.
    (heir,) = [receipt for receipt in receipts if receipt.cache == "made"]
    assert [one.outcome for one in heir.attempts] == ["settled"]
    assert heir.cost is not None
    assert heir.cost.amount == entry.bill.amount == budget.spent_today().money
    assert listener.names.count("abandoned") == leaders


@BACKENDS
def test_when_everybody_leaves_the_call_ends_and_counts_as_it_was_estimated(backend: str) -> None:
    voice, listener = GatedVoice(), Heard()
    budget = Budget(BudgetLimits(on_unknown="allow"))
    with FakeOpenAI(voice=voice) as vendor:

        async def main() -> None:
            cache = AudioCache(MemoryStore())
            async with (
                concurrent(vendor, cache=cache, budget=budget, plugins=[listener]) as client,
                anyio.create_task_group() as tasks,
            ):
                for _ in range(3):
                    tasks.start_soon(lambda: client.speak("hello", model=SPEAKER))
                await until(lambda: voice.n_waiting == 1 and n_callers(client) == 3)
                tasks.cancel_scope.cancel()
            assert n_callers(client) == 0
            assert budget.held_today().tokens == 0
            assert budget.spent_today().money > 0

        try:
            anyio.run(main, backend=backend)
        finally:
            voice.turn_lock.set()
        assert len(vendor.ledger.entries) == 1
    assert sorted(listener.names) == ["abandoned"] * 3 + ["started"] * 3


@BACKENDS
def test_who_waits_has_a_time_of_its_own(backend: str) -> None:
    voice = GatedVoice()
    with FakeOpenAI(voice=voice) as vendor:

        async def main() -> None:
            found: list[Reply] = []
            async with concurrent(vendor, cache=AudioCache(MemoryStore())) as client:

                async def lead() -> None:
                    found.append(await client.speak("hello", model=SPEAKER))

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(lead)
                    await until(lambda: voice.n_waiting == 1)
                    with pytest.raises(DeadlineExceededError, match="same call"):
                        await client.speak("hello", model=SPEAKER, timeout_s=0.05)
                    voice.turn_lock.set()
            assert len(found) == 1

        anyio.run(main, backend=backend)
        assert len(vendor.ledger.executed) == 1


@BACKENDS
def test_a_clean_failure_is_that_of_all_who_wait_and_is_paid_by_nobody(backend: str) -> None:
    listener = Heard()
    budget = Budget(BudgetLimits(on_unknown="allow"))
    faults = ListedFaults([FaultKind.STATUS_503] + [None] * 9)
    with FakeOpenAI(schedule=faults) as vendor:

        async def main() -> None:
            async with concurrent(
                vendor,
                cache=AudioCache(MemoryStore()),
                budget=budget,
                plugins=[listener],
                retry=RetryPolicy(attempts=1),
            ) as client:

                async def ask() -> None:
                    with pytest.raises(ProviderError):
                        await client.speak("hello", model=SPEAKER)

                async with anyio.create_task_group() as tasks:
                    for _ in range(8):
                        tasks.start_soon(ask)

        anyio.run(main, backend=backend)
        assert len(vendor.ledger.entries) == 1
    assert listener.names.count("failed") == 8
    assert sum(len(one.attempts) for one in listener.receipts if one is not None) == 1
    assert budget.spent_today().tokens == budget.held_today().tokens == 0


class Slow(EchoProvider):
    """Answers when it may; counts who asks."""

    def __init__(self, error: OssicleError | None = None) -> None:
        super().__init__()
        self.n_asked = 0
        self.error = error
        self.turn_lock = anyio.Event()

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        self.n_asked += 1
        await self.turn_lock.wait()
        if self.error is not None:
            raise self.error
        async with aclosing(super().respond(request)) as events:
            async for event in events:
                yield event


@BACKENDS
def test_who_inherits_a_call_that_has_no_time_left_makes_its_own(backend: str) -> None:
    async def main() -> None:
        clock, provider = VirtualClock(), Slow()
        cache = AudioCache(MemoryStore())
        replies: list[Reply] = []
        async with AsyncClient(provider, model="speak", cache=cache, clock=clock) as client:
            leading = anyio.CancelScope()

            async def lead() -> None:
                with leading:
                    await client.speak("hello", timeout_s=10.0)

            async def follow(timeout_s: float) -> None:
                replies.append(await client.speak("hello", timeout_s=timeout_s))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lead)
                await until(lambda: provider.n_asked == 1)
                for number in (2, 3):
                    tasks.start_soon(follow, 1000.0)
                    await until(lambda number=number: n_callers(client) == number)  # type: ignore[misc]
                leading.cancel()
                await until(lambda: n_callers(client) == 2)
                await clock.sleep(11.0)  # Now the time is over of the one who left.
                await until(lambda: provider.n_asked == 2)
                provider.turn_lock.set()
        receipts = [reply.receipt for reply in replies if reply.receipt is not None]
        assert origins_of(receipts) == {"made": 1, "shared": 1}
        assert provider.n_asked == 2

    anyio.run(main, backend=backend)


KEYS = pytest.mark.parametrize("kind", [AuthenticationError, RateLimitedError, QuotaExhaustedError])


@BACKENDS
@KEYS
def test_a_failure_of_the_key_is_that_of_all_who_ask_with_it(
    backend: str, kind: type[ProviderError]
) -> None:
    async def main() -> None:
        provider = Slow(kind("not you", provider="echo"))
        async with AsyncClient(
            provider,
            model="speak",
            cache=AudioCache(MemoryStore()),
            retry=RetryPolicy(attempts=1),
        ) as client:

            async def fail() -> None:
                with pytest.raises(kind):
                    await client.speak("hello")

            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(fail)
                await until(lambda: provider.n_asked == 1 and n_callers(client) == 4)
                provider.turn_lock.set()
            assert provider.n_asked == 1
            provider.error = None
            await client.speak("hello")

    anyio.run(main, backend=backend)


@BACKENDS
@KEYS
def test_it_is_none_of_a_client_with_another_key(backend: str, kind: type[ProviderError]) -> None:
    async def main() -> None:
        cache = AudioCache(MemoryStore())
        wrong, right = Slow(kind("not you", provider="echo")), Slow()
        replies: list[Reply] = []
        retry = RetryPolicy(attempts=1)
        async with (
            AsyncClient(wrong, model="speak", cache=cache, retry=retry) as one,
            AsyncClient(right, model="speak", cache=cache) as other,
        ):

            async def fail() -> None:
                with pytest.raises(kind):
                    await one.speak("hello")

            async def succeed() -> None:
                replies.append(await other.speak("hello"))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(fail)
                await until(lambda: wrong.n_asked == 1)
                tasks.start_soon(succeed)
                await until(lambda: n_callers(other) == 1)
                wrong.turn_lock.set()
                right.turn_lock.set()
        assert (len(replies), wrong.n_asked, right.n_asked) == (1, 1, 1)

    anyio.run(main, backend=backend)
