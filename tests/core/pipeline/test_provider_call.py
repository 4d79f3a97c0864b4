"""The books of a call: what was told, an estimate for what was not, and nothing held at the end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from decimal import Decimal
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.books import Elsewhere, SlowBooks
from tests.profiles import tried

from ossicle import AsyncClient, Budget, BudgetLimits
from ossicle.abc import Capabilities, Prices
from ossicle.errors import (
    InvalidReplyError,
    OssicleError,
    ProviderUnavailableError,
    RateLimitedError,
)
from ossicle.messages import (
    TEXT_TO_TEXT,
    Event,
    Finished,
    ModalityRow,
    Request,
    Task,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReported,
)
from ossicle.policy import (
    Allowance,
    Amount,
    RetryPolicy,
)
from ossicle_echo.provider import EchoProvider

PER_TOKEN = Decimal("0.000001")
FLAT = Prices(text_in=Decimal(1), text_out=Decimal(1), audio_in=Decimal(1), audio_out=Decimal(1))
"""A millionth a token of any kind, so that money and tokens can be compared."""

WRITTEN: Mapping[Task, tuple[ModalityRow, ...]] = {"respond": (TEXT_TO_TEXT,)}
ESTIMATED_OUT = 500
TOLD: Mapping[str, Usage | None] = {
    "answer": Usage(input_tokens=3, output_tokens=4),
    "answer, output told": Usage(output_tokens=4),
    "answer, input told": Usage(input_tokens=3),
    "answer, nothing told": None,
    "answer, of no use": Usage(input_tokens=2, output_tokens=1),
}


class Scripted(EchoProvider):
    """Ends its n-th attempt as the n-th word of the script says, further ones as the last."""

    def __init__(self, script: list[str]) -> None:
        super().__init__()
        self.script = script
        self.opened: list[str] = []
        self.ended: set[int] = set()

    def capabilities(self, model: str) -> Capabilities:
        return super().capabilities(model).model_copy(update={"prices": FLAT, "rows": WRITTEN})

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        number = len(self.opened)
        kind = self.script[min(number, len(self.script) - 1)]
        self.opened.append(kind)
        await anyio.lowlevel.checkpoint()
        if kind == "clean":
            self.ended.add(number)
            raise RateLimitedError("busy", provider="echo", status=429)
        if kind == "ambiguous":
            raise ProviderUnavailableError("gone", provider="echo", status=502)
        if kind == "useless":
            raise InvalidReplyError("no sense", provider="echo", status=200)
        if kind == "hang":
            await anyio.sleep_forever()
        if kind == "answer, of no use":
            yield ToolCallDelta(index=0, id="1", name="", arguments="{}")
        yield TextDelta(text="yes")
        usage = TOLD[kind]
        if usage is not None:
            yield UsageReported(usage=usage)
        self.ended.add(number)
        yield Finished()


def budget_of(ledger: Any) -> Budget:
    return Budget(BudgetLimits(day=Allowance(tokens=10**9), on_unknown="allow"), ledger=ledger)


def client_of(provider: EchoProvider, budget: Budget) -> AsyncClient:
    return AsyncClient(
        provider,
        model="chat",
        budget=budget,
        retry=RetryPolicy(on_ambiguous="repeat", base_s=0, cap_s=0, attempts=4),
    )


async def settled(budget: Budget) -> None:
    """Until nothing is held; what is never given back fails here."""
    with anyio.fail_after(10):
        while budget.held_today() != Amount():  # noqa: ASYNC110 - a thread gives it back
            await anyio.sleep(0.001)


def executions(provider: Scripted) -> Iterator[Usage | None]:
    """What is told of each attempt that was, or may have been, executed."""
    for number, kind in enumerate(provider.opened):
        if number not in provider.ended:  # Also one that would have been turned away.
            yield None
        elif kind != "clean":
            yield TOLD[kind]


def booked(provider: Scripted, estimated_in: int) -> int:
    """The tokens that the books are to show, by what the vendor itself knows."""
    total = 0
    for told in executions(provider):
        known = told or Usage()
        total += estimated_in if known.input_tokens is None else known.input_tokens
        total += ESTIMATED_OUT if known.output_tokens is None else known.output_tokens
    return total


KINDS = ("clean", "ambiguous", "useless", "hang", *TOLD)


@pytest.mark.slow
@settings(max_examples=tried(100), deadline=None)
@given(
    calls=st.lists(
        st.tuples(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5), st.integers(0, 60)),
        min_size=1,
        max_size=4,
    ),
    is_native=st.booleans(),
    in_memory=st.booleans(),
)
def test_books_are_what_was_told_and_estimates_of_what_was_not_whoever_leaves_when(
    calls: list[tuple[list[str], int]], is_native: bool, in_memory: bool
) -> None:
    ledger = SlowBooks()
    budget = budget_of(ledger if in_memory else Elsewhere(ledger))
    providers = [Scripted(script) for script, _ in calls]

    async def leave_after(provider: Scripted, steps: int) -> None:
        async with client_of(provider, budget) as client:

            async def ask() -> None:
                with contextlib.suppress(OssicleError):
                    await client.respond("hi", output={"text"}, max_output_tokens=ESTIMATED_OUT)

            if is_native:
                task = asyncio.create_task(ask())
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
                if "hang" not in provider.script:
                    await asyncio.wait({task}, timeout=steps / 10_000)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            else:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(ask)
                    for _ in range(steps):
                        await anyio.lowlevel.checkpoint()
                    tasks.cancel_scope.cancel()
            await settled(budget)

    async def main() -> None:
        for provider, (_, steps) in zip(providers, calls, strict=True):
            await leave_after(provider, steps)

    asyncio.run(main())
    spent = budget.spent_today()
    assert spent.tokens == sum(booked(provider, estimated_in()) for provider in providers)
    assert spent.money == spent.tokens * PER_TOKEN


@functools.cache
def estimated_in() -> int:
    """Input tokens of the question by our own estimate, which is not what is tested here."""

    async def ask() -> int:
        async with AsyncClient(Scripted([]), model="chat") as client:
            explained = await client.explain("hi", output={"text"})
        assert explained.estimate.input_tokens is not None
        return explained.estimate.input_tokens

    return anyio.run(ask)


@pytest.mark.parametrize("way", ["cancel", "wait_for", "timeout"])
def test_what_is_set_aside_for_a_caller_who_left_is_given_back(way: str) -> None:
    """asyncio's own cancellation passes through shields of anyio."""
    ledger = SlowBooks()
    budget = budget_of(Elsewhere(ledger))
    provider = Scripted(["answer"])

    async def main() -> None:
        async with client_of(provider, budget) as client:
            ledger.gate.clear()
            if way == "cancel":
                task = asyncio.create_task(client.respond("hi", output={"text"}))
                await anyio.to_thread.run_sync(ledger.entered.wait, 20)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            elif way == "wait_for":
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.respond("hi", output={"text"}), 0.05)
            else:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await client.respond("hi", output={"text"})
            ledger.gate.set()
            await settled(budget)
            assert provider.opened == []
            assert budget.spent_today() == Amount()

    asyncio.run(main())


def test_it_is_given_back_also_when_the_event_loop_ends_meanwhile() -> None:
    ledger = SlowBooks()
    budget = budget_of(Elsewhere(ledger))

    async def main() -> None:
        ledger.gate.clear()
        client = client_of(Scripted(["answer"]), budget)
        task = asyncio.create_task(client.respond("hi", output={"text"}))
        await anyio.to_thread.run_sync(ledger.entered.wait, 20)
        task.cancel()

    asyncio.run(main())
    assert budget.held_today() == Amount()
    ledger.gate.set()
    for _ in range(1000):
        if ledger.n_ends:
            break
        time.sleep(0.01)
    assert ledger.n_ends == 1
    assert (budget.held_today(), budget.spent_today()) == (Amount(), Amount())
