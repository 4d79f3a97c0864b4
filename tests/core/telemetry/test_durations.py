"""Percentiles are right to 1 %, whatever the durations, in little memory."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.telemetry.metrics import Durations

SLACK = 1 / 0.99 + 1e-9
"""The promised 1 %, and the arithmetic's last digits."""

some_durations = st.lists(st.floats(1e-6, 1e7), min_size=1, max_size=200)


def counted(values: list[float]) -> Durations:
    made = Durations()
    for value in values:
        made.add(value)
    return made


@settings(deadline=None)
@given(values=some_durations, share=st.floats(0, 1))
def test_a_quantile_is_not_exceeded_by_that_share_of_the_values(
    values: list[float], share: float
) -> None:
    found = counted(values).quantile(share)
    assert found is not None
    n = len(values)
    assert sum(value <= found * SLACK for value in values) >= share * n - 1e-6
    assert sum(value * SLACK < found for value in values) <= max(share * n, 1)


def test_percentiles_of_one_to_a_hundred_seconds_are_those_numbers() -> None:
    summary = counted([float(second) for second in range(1, 101)]).summary()
    assert summary is not None
    assert summary.p50_s == pytest.approx(50, rel=0.0101)
    assert summary.p95_s == pytest.approx(95, rel=0.0101)
    assert summary.p99_s == pytest.approx(99, rel=0.0101)
    assert (summary.max_s, summary.mean_s, summary.count) == (100, 50.5, 100)


@settings(deadline=None)
@given(first=some_durations, second=some_durations)
def test_merged_is_as_if_counted_together(first: list[float], second: list[float]) -> None:
    merged = counted(first)
    merged.merge(counted(second))
    together = counted(first + second)
    for share in (0, 0.5, 0.95, 1):
        assert merged.quantile(share) == together.quantile(share)
    assert merged.count == together.count


def test_without_durations_there_is_no_summary() -> None:
    assert Durations().summary() is None
    assert Durations().quantile(0.5) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1])
def test_what_is_no_duration_is_left_out(value: float) -> None:
    assert counted([value]).count == 0


def test_one_zero_is_zero() -> None:
    assert counted([0.0]).quantile(0.5) == 0


def test_memory_is_bounded_over_thirty_orders_of_magnitude() -> None:
    made = Durations()
    for step in range(30_000):
        made.add(10 ** (step / 1000 - 15))
    assert made.count == 30_000
    assert made.n_buckets <= 1_500
