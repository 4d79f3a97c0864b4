from __future__ import annotations

import anyio
import pytest

from ossicle.policy import SystemClock


@pytest.mark.anyio
async def test_system_clock_runs_on_the_event_loop() -> None:
    clock = SystemClock()
    before = anyio.current_time()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert before <= clock.monotonic() <= anyio.current_time()


@pytest.mark.anyio
async def test_system_scope_ends_what_is_late() -> None:
    clock = SystemClock()
    with clock.scope_until(clock.monotonic()) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught
    with clock.scope_until(None) as scope:
        await clock.sleep(0)
    assert not scope.cancel_called


def test_wall_time_needs_no_event_loop() -> None:
    assert SystemClock().wall() > 1_700_000_000
