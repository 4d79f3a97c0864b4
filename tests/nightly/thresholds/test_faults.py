"""The faults bar in small: every violation it can find, found once, and none in the product."""

from __future__ import annotations

import json

import pytest
from tests.nightly.thresholds.fault_observer import Outcome, Verdict
from tests.nightly.thresholds.fault_questions import draw_question
from tests.nightly.thresholds.faults import main, run_seed, run_unreachable

from ossicle.errors import RequestRefusedError
from ossicle.messages import Attempt, Receipt, Reply
from ossicle_testing.vendors import FaultKind, LedgerEntry

pytest.importorskip("openai")


@pytest.mark.parametrize(("seed", "face"), [(11, "asyncio"), (12, "trio"), (13, "blocking")])
def test_no_fault_of_a_vendor_is_paid_twice_lost_or_passed_off_as_an_answer(
    seed: int, face: str
) -> None:
    verdict = run_seed(seed, 40, face=face)
    # Real time is no business of the default run: a busy machine may be late.
    verdict.past_deadline.clear()
    assert verdict.is_clean, verdict
    assert verdict.faults.total() > 8
    assert verdict.states["committed"] > 10


def test_what_is_turned_away_at_the_door_is_answered_in_the_end() -> None:
    verdict = run_seed(14, 40, face="asyncio", is_clean=True)
    verdict.past_deadline.clear()
    assert verdict.is_clean, verdict
    assert verdict.faults.total() > 15


def test_where_nobody_answers_the_error_says_so() -> None:
    verdict, _ = run_unreachable("trio")
    verdict.past_deadline.clear()
    assert verdict.is_clean, verdict


QUESTION = draw_question(1, 0)
RIGHT = Reply(provider="openai", model="m", transcript=QUESTION.expected)


def entry(**facts: object) -> LedgerEntry:
    known = {"index": 0, "method": "POST", "path": "/v1/chat/completions", "received_at": 0.0}
    return LedgerEntry(**{**known, "status": 200, "executed": True, **facts})  # type: ignore[arg-type]  # by name


def receipt(*outcomes: str) -> Receipt:
    attempts = tuple(Attempt.model_validate({"outcome": outcome}) for outcome in outcomes)
    return Receipt(turn_id="t", provider="openai", model="m", task="respond", attempts=attempts)


REFUSED = RequestRefusedError("no", provider="openai")
SEEN = [
    ("executed_twice", {"reply": RIGHT}, ("settled", "settled"), [entry(), entry()]),
    ("lost", {}, ("settled",), [entry()]),
    ("lost", {"error": REFUSED}, ("clean",), [entry()]),
    ("lost", {"reply": RIGHT, "error": REFUSED}, ("settled",), [entry()]),
    ("unbooked", {"error": REFUSED}, ("clean",), [entry(fault=FaultKind.STATUS_500)]),
    ("unbooked", {"error": REFUSED}, ("clean",), [entry(executed=False)] * 2),
    ("unbooked", {"error": REFUSED}, (), [entry(executed=False)]),
    ("silently_wrong", {"reply": RIGHT, "words": "other"}, ("settled",), [entry()]),
    ("silently_wrong", {"reply": RIGHT, "words": QUESTION.expected}, ("settled",), []),
    ("foreign", {"error": KeyError("x")}, ("ambiguous",), [entry(fault=FaultKind.HTML_200)]),
    ("past_deadline", {"error": REFUSED, "took_s": 9.0}, ("clean",), []),
]


@pytest.mark.parametrize(("violation", "result", "attempts", "entries"), SEEN)
def test_the_observer_sees_every_violation(
    violation: str, result: dict[str, object], attempts: tuple[str, ...], entries: list[LedgerEntry]
) -> None:
    receipts = [receipt(*attempts)] if attempts else []
    outcome = Outcome(question=QUESTION, receipts=receipts, **result)  # type: ignore[arg-type]  # by name
    verdict = Verdict()
    verdict.judge(outcome, entries)
    assert len(getattr(verdict, violation)) == 1
    assert not verdict.is_clean


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({}, "past_deadline"),
        ({"stalled_s": 1.0, "loop_stalled_s": 1.0}, "past_deadline"),
        ({"loop_stalled_s": 9.0}, "loop_stalled"),
        ({"stalled_s": 9.0, "loop_stalled_s": 9.0}, "stalled"),
    ],
)
def test_a_late_call_is_told_apart_by_who_stood_still(told: dict[str, float], where: str) -> None:
    outcome = Outcome(question=QUESTION, receipts=[receipt("clean")], error=REFUSED, took_s=9.0,
                      **told)  # type: ignore[arg-type]  # by name  # fmt: skip
    verdict = Verdict()
    verdict.judge(outcome, [])
    found = {
        name for name in ("past_deadline", "loop_stalled", "stalled") if getattr(verdict, name)
    }
    assert found == {where}


def test_it_reports_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--requests", "6", "--seeds", "5", "--rate", "0"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["requests"] > 6
    assert found["faults"] == found["executed_twice"] == found["lost"] == 0
