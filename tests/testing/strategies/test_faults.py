"""Faults of every kind are drawn, and schedules shrink to the one fault that matters."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.strategies.finding import drawn, simplest

from ossicle_testing.strategies import fault_schedules, faults
from ossicle_testing.vendors import Fault, FaultKind, ListedFaults, Request, RetryAfter


def asked(number: int) -> Request:
    return Request(index=number, method="POST", path="/", query="", headers=(), body=b"")


def struck(schedule: ListedFaults, count: int = 8) -> list[Fault | None]:
    return [schedule(asked(number)) for number in range(count)]


def test_every_kind_is_drawn_and_every_form_of_waiting() -> None:
    found = drawn(faults(), 2000)
    assert {fault.kind for fault in found} == set(FaultKind)
    waits = drawn(faults(kinds=[FaultKind.STATUS_429]), 200)
    assert {fault.retry_after for fault in waits} == set(RetryAfter)
    assert {fault.executes for fault in found} == {None, True, False}


@settings(deadline=None)
@given(st.data())
def test_only_the_groups_asked_for_are_drawn(data: st.DataObject) -> None:
    fault = data.draw(faults(groups=("before", "odd")))
    assert fault.facts.group in ("before", "odd")


def test_the_simplest_schedule_serves_well() -> None:
    schedule = simplest(fault_schedules(), lambda schedule: True)
    assert repr(schedule) == "ListedFaults([])"
    assert struck(schedule) == [None] * 8


def test_a_failing_schedule_shrinks_to_one_fault_that_reads_in_one_line() -> None:
    one = simplest(fault_schedules(), lambda schedule: any(struck(schedule)))
    assert repr(one) == "ListedFaults([Fault(kind='status_503')])"
    late = simplest(
        fault_schedules(of=faults(groups=("ambiguous",))),
        lambda schedule: any(fault and fault.executes is False for fault in struck(schedule)[1:]),
    )
    assert repr(late) == "ListedFaults([None, Fault(kind='reset_after_upload', executes=False)])"
