"""Clocks disagree as told, and go back at times."""

from __future__ import annotations

from hypothesis import given, settings
from tests.testing.strategies.finding import simplest

from ossicle_testing.strategies import SkewedClocks, clock_steps, clocks, skewed_clocks, skews
from ossicle_testing.vendors import ManualClock


@settings(deadline=None)
@given(clocks())
def test_a_clock_stands_until_moved(clock: ManualClock) -> None:
    began = clock()
    assert clock() == began
    clock.advance(1.0)
    assert clock() == began + 1.0


@settings(deadline=None)
@given(skewed_clocks(max_s=60.0))
def test_two_clocks_keep_their_distance(pair: SkewedClocks) -> None:
    pair.ours.advance(7.0)
    assert abs(pair.vendors() - pair.ours()) <= 60.0
    assert pair.vendors() - pair.ours() == pair.skew_s


def test_the_mean_moments_are_drawn() -> None:
    assert simplest(skews(), lambda skew: True) == 0.0
    assert simplest(skews(), lambda skew: skew < 0)
    assert simplest(clock_steps(), lambda steps: 3600.0 in steps) == [3600.0]
    assert simplest(clock_steps(), lambda steps: any(step < 0 for step in steps))
    assert simplest(clocks(), lambda clock: clock() == 0.0)


def test_clocks_that_disagree_shrink_to_one_line() -> None:
    behind = simplest(skewed_clocks(), lambda pair: pair.skew_s < -60)
    assert repr(behind) == "SkewedClocks(ours=ManualClock(1795348800.0), skew_s=-3599.0)"
    assert simplest(skewed_clocks(), lambda pair: True).skew_s == 0.0
