from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import (
    AmbiguousOutcomeError,
    ConfigurationError,
    DeadlineExceededError,
    OssicleError,
    ProviderConnectionError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.policy import Circuit, Circuits, VirtualClock

DOWN = ProviderUnavailableError("down", provider="vendor", status=503)


def opened(clock: VirtualClock) -> Circuit:
    circuit = Circuit("vendor", clock=clock)
    for _ in range(10):
        clock.advance(0.25)
        circuit.enter()
        circuit.leave(DOWN)
    assert circuit.state == "open"
    return circuit


def test_opens_after_ten_failures_in_a_row_over_two_seconds() -> None:
    clock = VirtualClock()
    circuit = Circuit("vendor", clock=clock)
    states: list[str] = []
    for _ in range(9):
        circuit.enter()
        circuit.leave(DOWN)
        clock.advance(0.25)
        states.append(circuit.state)
    circuit.leave(DOWN)  # the tenth, 2.25 s after the first
    states.append(circuit.state)
    assert states == ["closed"] * 9 + ["open"]


def test_a_burst_of_failures_does_not_open_it() -> None:
    clock = VirtualClock()
    circuit = Circuit("vendor", clock=clock)
    for _ in range(200):
        circuit.leave(DOWN)
        clock.advance(0.009)
    before = circuit.state
    clock.advance(0.25)
    circuit.leave(DOWN)
    assert (before, circuit.state) == ("closed", "open")


def test_one_success_starts_the_count_anew() -> None:
    clock = VirtualClock()
    circuit = Circuit("vendor", clock=clock)
    for _ in range(20):
        for _ in range(9):
            circuit.leave(DOWN)
            clock.advance(1.0)
        circuit.leave(None)
    assert circuit.state == "closed"


def test_open_fails_fast_and_says_until_when() -> None:
    clock = VirtualClock()
    circuit = opened(clock)
    with pytest.raises(ProviderUnavailableError, match="not asked again for") as caught:
        circuit.enter()
    error = caught.value
    assert error.retryable
    assert error.billed is False
    assert error.retry_after_s is not None
    assert 0 < error.retry_after_s <= 2.0
    clock.advance(error.retry_after_s)
    circuit.enter()
    assert circuit.state == "half_open"


def test_half_open_lets_one_probe_through_and_an_answer_closes_it() -> None:
    clock = VirtualClock()
    circuit = opened(clock)
    clock.advance(2.0)
    circuit.enter()
    for _ in range(5):
        with pytest.raises(ProviderUnavailableError):
            circuit.enter()
    circuit.leave(None)
    assert circuit.state == "closed"
    circuit.enter()


def test_a_failed_probe_keeps_it_open_until_the_next() -> None:
    clock = VirtualClock()
    circuit = opened(clock)
    clock.advance(2.0)
    circuit.enter()
    circuit.leave(DOWN)
    assert circuit.state == "open"
    with pytest.raises(ProviderUnavailableError):
        circuit.enter()
    clock.advance(2.0)
    circuit.enter()


def test_a_hanging_or_forgotten_probe_does_not_block_the_next() -> None:
    clock = VirtualClock()
    circuit = opened(clock)
    clock.advance(2.0)
    circuit.enter()
    clock.advance(2.0)
    circuit.enter()
    circuit.forget()
    assert circuit.state == "open"
    clock.advance(2.0)
    circuit.enter()


@pytest.mark.parametrize(
    ("error", "closes"),
    [
        (RequestRefusedError("no", provider="vendor", status=400), True),
        (RateLimitedError("busy", provider="vendor", status=429), False),
        (ProviderConnectionError("refused", provider="vendor"), False),
        (AmbiguousOutcomeError("?", provider="vendor"), False),
        (DeadlineExceededError("late"), False),
    ],
)
def test_what_counts_as_a_sign_of_life(error: OssicleError, closes: bool) -> None:
    clock = VirtualClock()
    circuit = opened(clock)
    clock.advance(2.0)
    circuit.enter()
    circuit.leave(error)
    assert (circuit.state == "closed") == closes


def test_throttling_never_opens_it() -> None:
    clock = VirtualClock()
    circuit = Circuit("vendor", clock=clock)
    for _ in range(100):
        circuit.leave(RateLimitedError("busy", provider="vendor", status=429))
        clock.advance(1.0)
    assert circuit.state == "closed"


@given(
    st.floats(0, 60),
    st.lists(st.floats(0.001, 3.0), min_size=400, max_size=400),
)
def test_recovery_is_noticed_within_five_seconds(outage_s: float, gaps: list[float]) -> None:
    clock = VirtualClock()
    circuit = Circuit("vendor", clock=clock)
    for gap in gaps:
        is_down = clock.monotonic() < outage_s
        try:
            circuit.enter()
        except ProviderUnavailableError:
            assert clock.monotonic() < outage_s + 2.0 + 3.0
        else:
            circuit.leave(DOWN if is_down else None)
        clock.advance(gap)


@pytest.mark.parametrize("wrong", [{"failures": 0}, {"over_s": -1.0}, {"probe_after_s": 6.0}])
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Circuit("vendor", **wrong)  # type: ignore[arg-type]  # the point of the test


def test_circuits_are_kept_by_provider_and_model() -> None:
    circuits = Circuits(clock=VirtualClock())
    one = circuits.of("a", "m")
    assert circuits.of("a", "m") is one
    assert circuits.of("a", "n") is not one
    assert circuits.of("b", "m") is not one


def test_circuits_do_not_grow_without_end() -> None:
    circuits = Circuits(clock=VirtualClock())
    one = circuits.of("a", "first")
    for number in range(1_024):
        circuits.of("a", str(number))
    assert circuits.of("a", "first") is not one
