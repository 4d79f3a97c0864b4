from __future__ import annotations

import math
import threading
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import (
    AmbiguousOutcomeError,
    ConfigurationError,
    OssicleError,
    PluginContractError,
    ProviderConnectionError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.policy import RetryPolicy, RetryQuota

DOWN = ProviderUnavailableError("down", provider="vendor", status=503)
BUSY = RateLimitedError("busy", provider="vendor", status=429)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"base_s": -1.0},
        {"cap_s": math.nan},
        {"cap_s": math.inf},
        {"max_retry_after_s": -0.1},
        {"on_ambiguous": "maybe"},
    ],
)
def test_values_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # the point of the test


@given(
    repeat=st.integers(1, 10_000),
    draw=st.floats(0, 1, exclude_max=True),
    base_s=st.floats(0, 100),
    cap_s=st.floats(0, 100),
)
def test_jitter_is_full_and_capped(repeat: int, draw: float, base_s: float, cap_s: float) -> None:
    policy = RetryPolicy(base_s=base_s, cap_s=cap_s)
    pause_s = policy.pause_s(repeat=repeat, draw=draw, retry_after_s=None, remaining_s=None)
    assert pause_s is not None
    exact = Fraction(draw) * min(Fraction(cap_s), Fraction(base_s) * 2 ** min(repeat - 1, 1000))
    assert pause_s == pytest.approx(float(exact), rel=1e-12, abs=1e-300)
    assert 0 <= pause_s <= cap_s


def test_upper_ends_of_the_default_pauses_by_hand() -> None:
    policy = RetryPolicy()
    pauses = [
        policy.pause_s(repeat=repeat, draw=1.0, retry_after_s=None, remaining_s=None)
        for repeat in range(1, 8)
    ]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


@given(
    retry_after_s=st.floats(1e-9, 1e9),
    remaining_s=st.none() | st.floats(-10, 1e6),
    longest=st.none() | st.floats(0, 1e6),
)
def test_retry_after_is_obeyed_exactly_or_not_at_all(
    retry_after_s: float, remaining_s: float | None, longest: float | None
) -> None:
    policy = RetryPolicy(max_retry_after_s=longest)
    pause_s = policy.pause_s(
        repeat=1, draw=0.3, retry_after_s=retry_after_s, remaining_s=remaining_s
    )
    limit = longest
    if limit is None:
        limit = 120.0 if remaining_s is None else math.inf
    fits = retry_after_s <= limit and (remaining_s is None or retry_after_s < remaining_s)
    assert pause_s == (retry_after_s if fits else None)


@pytest.mark.parametrize("retry_after_s", [None, 0.0, -1.0, math.nan])
def test_no_usable_retry_after_means_jitter(retry_after_s: float | None) -> None:
    pause_s = RetryPolicy().pause_s(
        repeat=1, draw=0.5, retry_after_s=retry_after_s, remaining_s=None
    )
    assert pause_s == 0.25


def test_a_pause_that_ends_at_the_deadline_is_too_long() -> None:
    policy = RetryPolicy()
    assert policy.pause_s(repeat=1, draw=0.5, retry_after_s=None, remaining_s=0.25) is None
    assert policy.pause_s(repeat=1, draw=0.5, retry_after_s=5.0, remaining_s=5.0) is None
    assert policy.pause_s(repeat=1, draw=0.5, retry_after_s=math.inf, remaining_s=None) is None


def test_what_may_be_repeated() -> None:
    policy = RetryPolicy()
    daring = RetryPolicy(on_ambiguous="repeat")
    refused = RequestRefusedError("no", provider="vendor", status=400)
    unknown = AmbiguousOutcomeError("?", provider="vendor")
    broken = PluginContractError("!", plugin="vendor")
    assert policy.allows(DOWN, "clean", attempts_made=1)
    assert policy.allows(DOWN, "clean", attempts_made=2)
    assert not policy.allows(DOWN, "clean", attempts_made=3)
    assert not policy.allows(refused, "clean", attempts_made=1)
    assert not policy.allows(DOWN, "settled", attempts_made=1)
    assert not daring.allows(DOWN, "settled", attempts_made=1)
    assert not policy.allows(unknown, "ambiguous", attempts_made=1)
    assert daring.allows(unknown, "ambiguous", attempts_made=1)
    assert not daring.allows(unknown, "ambiguous", attempts_made=3)
    assert not daring.allows(broken, "ambiguous", attempts_made=1)


def test_quota_costs_by_hand() -> None:
    quota = RetryQuota()
    assert quota.take(DOWN) == 14
    assert quota.take(ProviderConnectionError("x", provider="vendor")) == 14
    assert quota.take(BUSY) == 5
    assert quota.tokens == 500 - 33
    quota.give_back(33)
    quota.give_back(0)
    assert quota.tokens == 500
    assert sum(1 for _ in range(1000) if quota.take(DOWN) is not None) == 35
    assert quota.tokens == 10
    assert quota.take(BUSY) == 5
    quota.give_back(0)
    assert quota.tokens == 6


def test_a_quota_of_nothing_allows_nothing() -> None:
    assert RetryQuota(capacity=0).take(BUSY) is None
    with pytest.raises(ConfigurationError):
        RetryQuota(refund=-1)


def test_quota_stays_in_bounds_under_ten_threads() -> None:
    quota = RetryQuota(capacity=100)
    start = threading.Barrier(10)
    wrong: list[int] = []

    def hammer(number: int) -> None:
        start.wait()
        error: OssicleError = DOWN if number % 2 else BUSY
        for turn in range(2_000):
            taken = quota.take(error)
            if turn % 3:
                quota.give_back(taken or 0)
            tokens = quota.tokens
            if not 0 <= tokens <= 100:
                wrong.append(tokens)

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_no_token_is_lost_between_threads() -> None:
    quota = RetryQuota(capacity=1_000_000)
    start = threading.Barrier(10)

    def spend() -> None:
        start.wait()
        for _ in range(2_000):
            assert quota.take(BUSY) == 5

    threads = [threading.Thread(target=spend) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quota.tokens == 1_000_000 - 10 * 2_000 * 5
