from __future__ import annotations

import gc
from collections.abc import Callable

import anyio
import pytest

from ossicle.errors import ConfigurationError, DeadlineExceededError
from ossicle.policy import ConcurrencyLimit, ConcurrencyLimits, VirtualClock


@pytest.mark.anyio
async def test_never_more_calls_than_slots_and_all_get_their_turn() -> None:
    clock = VirtualClock()
    limit = ConcurrencyLimit(3, clock=clock)
    most = done = 0

    async def call() -> None:
        nonlocal most, done
        async with limit.slot():
            most = max(most, limit.in_use)
            await clock.sleep(1.0)
        done += 1

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(call)
    assert (most, done, limit.in_use) == (3, 10, 0)
    assert clock.monotonic() == 4.0


@pytest.mark.anyio
async def test_whoever_waits_too_long_fails_without_a_slot() -> None:
    clock = VirtualClock()
    limit = ConcurrencyLimit(1, clock=clock)

    async def hold() -> None:
        async with limit.slot():
            await clock.sleep(60.0)

    async with anyio.create_task_group() as group:
        group.start_soon(hold)
        await clock.sleep(1.0)
        with pytest.raises(DeadlineExceededError):
            async with limit.slot(deadline=5.0):
                pytest.fail("there was no slot")
        assert clock.monotonic() == 5.0
    assert limit.in_use == 0
    async with limit.slot(deadline=61.0):
        assert limit.in_use == 1


@pytest.mark.anyio
async def test_a_failing_or_cancelled_call_frees_its_slot() -> None:
    clock = VirtualClock()
    limit = ConcurrencyLimit(1, clock=clock)
    with pytest.raises(ValueError, match="inside"):
        async with limit.slot():
            raise ValueError("inside")
    with clock.scope_until(1.0):
        async with limit.slot():
            await clock.sleep(9.0)
    async with limit.slot():
        assert limit.in_use == 1


@pytest.mark.anyio
async def test_no_limit_counts_only() -> None:
    limit = ConcurrencyLimit(None)
    async with limit.slot(), limit.slot(), limit.slot():
        assert limit.in_use == 3
    assert limit.in_use == 0


@pytest.mark.parametrize("kind", [ConcurrencyLimit, ConcurrencyLimits])
def test_a_limit_below_one_is_refused(kind: Callable[[int], object]) -> None:
    with pytest.raises(ConfigurationError):
        kind(0)


def test_each_provider_and_each_loop_has_its_own_limit_and_no_loop_is_kept() -> None:
    limits = ConcurrencyLimits(1)
    in_another_loop: list[ConcurrencyLimit] = []

    async def use() -> None:
        one, other = limits.of("one"), limits.of("other")
        assert one is limits.of("one")
        assert one not in in_another_loop
        async with one.slot(), other.slot():
            assert (one.in_use, other.in_use) == (1, 1)
        in_another_loop.append(one)

    for backend in ("asyncio", "trio", "asyncio", "trio"):
        anyio.run(use, backend=backend)
    gc.collect()
    assert len(limits._by_loop) == 0
