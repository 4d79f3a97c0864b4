from __future__ import annotations

import anyio
import pytest

from ossicle.policy import VirtualClock

pytestmark = pytest.mark.anyio


async def test_sleep_moves_time_exactly_and_is_recorded() -> None:
    clock = VirtualClock(start=3.0)
    await clock.sleep(0.25)
    await clock.sleep(0)
    await clock.sleep(3600)
    assert clock.monotonic() == 3603.25
    assert clock.sleeps == [0.25, 0, 3600]


async def test_sleeps_of_several_tasks_overlap_in_order() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *pauses: float) -> None:
        for pause in pauses:
            await clock.sleep(pause)
            woken.append((name, clock.monotonic()))

    async with anyio.create_task_group() as group:
        group.start_soon(sleeper, "slow", 5.0)
        group.start_soon(sleeper, "fast", 1.0, 1.0, 2.5)
        group.start_soon(sleeper, "middle", 3.0)
    assert woken == [("fast", 1.0), ("fast", 2.0), ("middle", 3.0), ("fast", 4.5), ("slow", 5.0)]


async def test_scope_ends_at_its_deadline_not_later() -> None:
    clock = VirtualClock()
    with clock.scope_until(2.0) as scope:
        await clock.sleep(100.0)
    assert scope.cancelled_caught
    assert clock.monotonic() == 2.0


async def test_a_deadline_at_the_moment_of_waking_wins() -> None:
    clock = VirtualClock()
    with clock.scope_until(2.0) as scope:
        await clock.sleep(2.0)
    assert scope.cancelled_caught


async def test_scope_without_deadline_and_past_deadline() -> None:
    clock = VirtualClock(start=10.0)
    with clock.scope_until(None) as scope:
        await clock.sleep(1.0)
    assert not scope.cancel_called
    with clock.scope_until(5.0) as scope:
        await clock.sleep(1.0)
    assert scope.cancelled_caught
    assert clock.monotonic() == 11.0


async def test_advance_fires_deadlines_and_wakes_sleepers() -> None:
    clock = VirtualClock()
    with clock.scope_until(4.0) as scope:
        clock.advance(5.0)
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert clock.monotonic() == 5.0


async def test_shielded_scope_holds_off_cancellation_from_outside() -> None:
    clock = VirtualClock()
    done = False
    with anyio.CancelScope() as outer:
        outer.cancel()
        with clock.scope_until(9.0, shield=True):
            await clock.sleep(1.0)
            done = True
    assert done


def test_wall_clock_jumps_alone() -> None:
    clock = VirtualClock(wall=1000.0)
    clock.set_wall(50.0)
    assert (clock.wall(), clock.monotonic()) == (50.0, 0.0)
    clock.advance(1.5)
    assert (clock.wall(), clock.monotonic()) == (51.5, 1.5)
