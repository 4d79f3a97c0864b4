from __future__ import annotations

import pytest

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors import FAULT_FACTS, Fault, FaultKind, RetryAfter, every_fault


def test_every_kind_has_facts() -> None:
    assert set(FAULT_FACTS) == set(FaultKind)


def test_every_fault_covers_each_kind_and_each_form_of_waiting() -> None:
    faults = every_fault()
    assert {fault.kind for fault in faults} == set(FaultKind)
    assert {fault.retry_after for fault in faults} == set(RetryAfter)


@pytest.mark.parametrize("kind", FaultKind)
def test_what_is_before_execution_executes_nothing(kind: FaultKind) -> None:
    facts = FAULT_FACTS[kind]
    if facts.outcome == "before_execution":
        assert not facts.executes
    if facts.group in ("ambiguous", "content", "stream") and kind is not FaultKind.AUDIO_NOT_FOUND:
        assert facts.executes


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.UPLOAD_RESET, "before_execution"),
        (FaultKind.RESET_AFTER_UPLOAD, "ambiguous"),
        (FaultKind.LATENCY, "settled"),
        (FaultKind.REDIRECT, "settled"),
        (FaultKind.STATUS_400, "settled"),
        (FaultKind.STATUS_408, "ambiguous"),
        (FaultKind.STATUS_429, "before_execution"),
        (FaultKind.STATUS_500, "ambiguous"),
        (FaultKind.STATUS_502, "ambiguous"),
        (FaultKind.STATUS_503, "before_execution"),
        (FaultKind.STATUS_529, "before_execution"),
        (FaultKind.USAGE_NAN, "settled"),
        (FaultKind.STREAM_NO_END, "ambiguous"),
        (FaultKind.STREAM_DUPLICATE, "settled"),
    ],
)
def test_outcomes_follow_the_billing_rule(kind: FaultKind, outcome: str) -> None:
    assert FAULT_FACTS[kind].outcome == outcome


def test_only_an_ambiguous_fault_may_choose_whether_it_executes() -> None:
    fault = Fault(kind=FaultKind.RESET_AFTER_UPLOAD, executes=False)
    assert not fault.is_executed
    with pytest.raises(ConfigurationError, match="cannot choose"):
        Fault(kind=FaultKind.STATUS_429, executes=True)


@pytest.mark.parametrize("field", [{"at": 1.5}, {"piece_bytes": 0}, {"bytes_per_s": 0},
                                   {"n_bytes": -1}, {"delay_s": -0.1}])  # fmt: skip
def test_values_out_of_range_are_refused(field: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Fault(kind=FaultKind.SLICED, **field)  # type: ignore[arg-type]  # by name
