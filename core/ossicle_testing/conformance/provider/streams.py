"""What streams must keep to when they are left, slowed down or handed around."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import anyio
import anyio.lowlevel
import pytest

from ossicle.abc import AudioProvider
from ossicle.messages import Event, Request
from ossicle_testing.conformance.probes import (
    holdings,
    longest_block_s,
    settled_holdings,
    watching_litter,
)
from ossicle_testing.conformance.provider.cancellation import cancelled_at, count_suspensions
from ossicle_testing.conformance.provider.replies import BACKENDS, ReplyChecks
from ossicle_testing.conformance.provider.reply_assertions import judge_events, same_answer
from ossicle_testing.conformance.provider.requests import Delivery, collect, folded, make_request
from ossicle_testing.conformance.suite import check

_MAX_PLACES = 14
"""Waits at which a call is cancelled, spread evenly; the profile `long` takes every one of them."""

PROFILE_VARIABLE = "OSSICLE_TEST_PROFILE"
"""Environment variable: `quick`, `ci` or `long`."""

_MAX_BLOCK_S = 0.3


def opened(provider: AudioProvider, request: Request) -> AsyncGenerator[Event, None]:
    """The events of a call; providers give generators, which can be closed."""
    return cast("AsyncGenerator[Event, None]", provider.respond(request))


class StreamChecks(ReplyChecks, is_part=True):
    """Checks of cancellation, closing, blocking and leaks."""

    def each_task(self) -> list[Delivery]:
        """One delivery of each model and task, streamed where it can be."""
        found: dict[tuple[str, str], Delivery] = {}
        for delivery in sorted(self.deliveries(), key=lambda one: not one.stream):
            found.setdefault((delivery.record.model, delivery.task), delivery)
        return list(found.values())

    def request(self, delivery: Delivery) -> Request:
        """A request for it."""
        return make_request(delivery, clip=self.clip(delivery))

    @check("can be cancelled wherever it waits, and works on afterwards")
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_cancellation_passes_through(self, backend: str) -> None:
        """It is neither swallowed nor taken for an end, and no task stays."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self.each_task():
                await self._cancel_everywhere(provider, self.request(delivery))

        self.run(work, backend=backend)

    async def _cancel_everywhere(self, provider: AudioProvider, request: Request) -> None:
        whole = folded(await collect(provider, request), request)
        events: list[Event] = []

        async def consume() -> None:
            events.clear()
            async with aclosing(opened(provider, request)) as stream:
                async for event in stream:
                    events.append(event)

        places = await count_suspensions(consume)
        is_long = os.environ.get(PROFILE_VARIABLE) == "long"
        step = 1 if is_long else max(1, places // _MAX_PLACES)
        for at in range(0, places, step):
            if not await cancelled_at(consume, at):
                reply = judge_events(events, request)
                assert not self.is_deterministic or reply.text == whole.text, (
                    f"cancelled at wait {at} of {places}, it ended as if it were complete"
                )
        judge_events(await collect(provider, request), request)

    @check("can be closed after any event, and works on afterwards")
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_early_close_is_harmless(self, backend: str) -> None:
        """After the first event, in the middle, before the last, and before it began."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self.each_task():
                request = self.request(delivery)
                total = len(await collect(provider, request))
                for count in sorted({0, 1, total // 2, max(0, total - 1)}):
                    stream = opened(provider, request)
                    for _ in range(count):
                        await anext(stream)
                    await stream.aclose()
                    await stream.aclose()
                judge_events(await collect(provider, request), request)

        self.run(work, backend=backend)

    @check("holds no cancel scope open across a yield (PEP 789)")
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_no_scope_stays_open(self, backend: str) -> None:
        """The caller may put a scope of its own around each single event."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self.each_task():
                stream, found = opened(provider, self.request(delivery)), list[Event]()
                async with aclosing(stream):
                    while True:
                        event: Event | None = None
                        with anyio.CancelScope():
                            event = await anext(stream, None)
                        if event is None:
                            break
                        found.append(event)
                judge_events(found, self.request(delivery))

        self.run(work, backend=backend)

    @check("gives a slow consumer the same answer")
    def test_slow_consumers_lose_nothing(self) -> None:
        """Nothing is dropped or reordered while no one reads."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self.each_task():
                request, found = self.request(delivery), list[Event]()
                fast = judge_events(await collect(provider, request), request)
                async with aclosing(opened(provider, request)) as stream:
                    async for event in stream:
                        for _ in range(10):
                            await anyio.lowlevel.checkpoint()
                        found.append(event)
                slow = judge_events(found, request)
                if self.is_deterministic:
                    same_answer(slow, fast)

        self.run(work)

    @check("does not block the event loop")
    def test_the_loop_keeps_beating(self) -> None:
        """The longest pause in the best of three runs; a busy machine delays one, not all."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self.each_task():
                request = self.request(delivery)
                pauses = []
                for _ in range(3):
                    pauses.append(await longest_block_s(lambda: collect(provider, request)))  # noqa: B023 - awaited here
                    if pauses[-1] < _MAX_BLOCK_S:
                        break
                assert min(pauses) < _MAX_BLOCK_S, (str(delivery), pauses)

        self.run(work)

    @check("leaves no thread, handle or task behind")
    def test_nothing_is_left_behind(self) -> None:
        """Not by answered calls, by ones that were left early or failed, nor by whole lives."""

        async def work(provider: AudioProvider) -> None:
            for delivery in self.each_task():
                await collect(provider, self.request(delivery))
                stream = opened(provider, self.request(delivery))
                await anext(stream)
                await stream.aclose()

        async def tasks_stay() -> None:
            before = asyncio.all_tasks()
            provider = self.build()
            await work(provider)
            await provider.aclose()
            await provider.aclose()
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            left = asyncio.all_tasks() - before
            assert not left, f"{len(left)} tasks are still running"

        before = holdings()
        with watching_litter() as litter:
            anyio.run(tasks_stay)
            for _ in range(4):
                self.run(work)
                self.fail_once()
        assert not litter, litter[0]
        after = settled_holdings(before, by=4)
        assert not after.exceeds(before, by=4), (before, after)

    def fail_once(self) -> None:
        """A call that ends in an error, where there is an endpoint that can fail."""

    @check("may be closed twice, unused, and is of no use to its successor")
    def test_closing_twice_is_harmless(self) -> None:
        """A provider that was never asked closes too; a fresh one works after another's end."""
        delivery = self.each_task()[0]

        async def work(provider: AudioProvider) -> None:
            unused = self.build()
            await unused.aclose()
            await unused.aclose()
            judge_events(await collect(provider, self.request(delivery)), self.request(delivery))

        self.run(work)
        self.run(work)
