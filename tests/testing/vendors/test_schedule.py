from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors import (
    Fault,
    FaultKind,
    ListedFaults,
    Request,
    SeededFaults,
    every_fault,
)


def _request(index: int = 0, nonce: str | None = None) -> Request:
    return Request(method="POST", path="/v1/x", index=index, nonce=nonce)


def test_a_list_strikes_in_order_and_then_rests() -> None:
    schedule = ListedFaults([FaultKind.LATENCY, None, Fault(kind=FaultKind.STATUS_500)])
    kinds = [fault and fault.kind for fault in (schedule(_request()) for _ in range(5))]
    assert kinds == [FaultKind.LATENCY, None, FaultKind.STATUS_500, None, None]


def test_a_list_can_begin_again() -> None:
    schedule = ListedFaults([FaultKind.LATENCY, None], repeat=True)
    assert [schedule(_request()) is None for _ in range(5)] == [False, True, False, True, False]
    assert ListedFaults([], repeat=True)(_request()) is None


@given(seed=st.integers(), order=st.permutations(range(12)))
def test_a_seed_gives_the_same_faults_in_any_order(seed: int, order: list[int]) -> None:
    def draws(indexes: list[int]) -> dict[int, Fault | None]:
        schedule = SeededFaults(seed, rate=0.5, faults=every_fault())
        return {index: schedule(_request(index, f"n{index}")) for index in indexes}

    assert draws(order) == draws(sorted(order))


def test_a_second_attempt_is_drawn_anew() -> None:
    faults = every_fault()
    schedule = SeededFaults(1, rate=1.0, faults=faults)
    drawn = {schedule(_request(0, "same")) for _ in range(20)}
    assert len(drawn) > 5


def test_the_rate_is_kept_and_the_predicate_too() -> None:
    schedule = SeededFaults(
        3, rate=0.3, faults=every_fault(), where=lambda request: request.index >= 1000
    )
    struck = [schedule(_request(index)) is not None for index in range(3000)]
    assert not any(struck[:1000])
    assert 480 < sum(struck) < 720


@pytest.mark.parametrize(("rate", "count"), [(-0.1, 1), (1.1, 1), (0.5, 0)])
def test_a_schedule_without_sense_is_refused(rate: float, count: int) -> None:
    with pytest.raises(ConfigurationError):
        SeededFaults(0, rate=rate, faults=every_fault()[:count])
