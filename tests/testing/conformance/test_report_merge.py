"""However a run is divided among processes and classes, its report says what was seen, no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ossicle.plugins import Behaviour, CapabilityReport, Claim, Outcome
from ossicle_testing.conformance.report_draft import WORST, CheckDraft, ReportDraft
from ossicle_testing.conformance.report_merge import file_report, report_of

WAYS = ("a", "b", "c", "d")
RAN: tuple[Outcome, ...] = ("failed", "exception", "passed", "not applicable")
RUNS = st.dictionaries(st.sampled_from(WAYS), st.sampled_from(RAN))


def part(
    runs: Mapping[str, Outcome],
    *,
    suite: str = "one",
    waived: str | None = None,
    claims: Iterable[Claim] = (),
) -> ReportDraft:
    check = CheckDraft(
        "does a", waived, frozenset(WAYS), {way: (outcome, "") for way, outcome in runs.items()}
    )
    return ReportDraft(
        "counter", "acme", suite, {}, {claim.what: claim for claim in claims}, {"test_a": check}
    )


def behaviour(*parts: ReportDraft) -> Behaviour:
    [found] = report_of(parts).behaviours
    return found


@given(runs=RUNS, where=st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_processes_tell_together_what_one_would_have_told(
    runs: dict[str, Outcome], where: list[int]
) -> None:
    shares: list[dict[str, Outcome]] = [{}, {}, {}]
    for (way, outcome), number in zip(runs.items(), where, strict=False):
        shares[number][way] = outcome
    assert report_of([part(share) for share in shares]) == report_of([part(runs)])


@given(runs=RUNS)
def test_a_check_passed_only_where_it_ran_in_all_its_ways(runs: dict[str, Outcome]) -> None:
    found = behaviour(part(runs)).outcome
    if "failed" in runs.values():
        assert found == "failed"
    elif len(runs) < len(WAYS):
        assert found == "not run"
    else:
        assert found == min(runs.values(), key=WORST.index)


def whole(outcome: Outcome) -> dict[str, Outcome]:
    return dict.fromkeys(WAYS, outcome)


CLASSES: Sequence[tuple[ReportDraft, Outcome]] = [
    (part(whole("failed"), suite="two"), "failed"),
    (part({"a": "passed"}, suite="two"), "not run"),
    (part({}, suite="two", waived="cannot"), "exception"),
    (part(whole("passed"), suite="two"), "passed"),
    (part(whole("not applicable"), suite="two"), "passed"),
]


@pytest.mark.parametrize(
    ("other", "outcome"), CLASSES, ids=[word for _, word in CLASSES[:4]] + ["n/a"]
)
def test_of_two_classes_the_worse_counts(other: ReportDraft, outcome: Outcome) -> None:
    one = part(whole("passed"))
    assert behaviour(one, other).outcome == behaviour(other, one).outcome == outcome


def test_the_reasons_of_all_exceptions_stay() -> None:
    parts = [part({}, suite=name, waived=f"as {name} says") for name in ("one", "two", "three")]
    parts.append(part({}, suite="five", waived="as one says"))
    found = behaviour(part(whole("passed"), suite="four"), *parts)
    assert (found.outcome, found.reason) == (
        "exception", "as one says; as two says; as three says",
    )  # fmt: skip


def test_claims_are_proved_where_one_saw_them_and_keep_their_doubts() -> None:
    claims = [
        (Claim(what="x"), Claim(what="y", reason="no voice"), Claim(what="z", is_proved=True)),
        (Claim(what="x", is_proved=True), Claim(what="y"), Claim(what="z", reason="too long")),
    ]
    for order in (claims, claims[::-1]):
        report = report_of([part({}, claims=each) for each in order])
        assert report.claims == (
            Claim(what="x", is_proved=True),
            Claim(what="y", reason="no voice"),
            Claim(what="z", is_proved=True),
        )


def test_a_later_part_of_a_process_replaces_its_earlier_one(tmp_path: Path) -> None:
    earlier: dict[str, Outcome] = {"a": "failed"}
    for runs in (earlier, whole("passed")):
        file_report(part(runs), shared=tmp_path / "shared", folder=tmp_path / "reports")
    assert behaviour_in(tmp_path).outcome == "passed"


def test_a_part_that_comes_while_a_report_is_written_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = tmp_path / "shared" / "counter-acme" / "late.json"
    late_part = part(whole("failed"), suite="two")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.parent.name == "reports" and not late.exists():
            late.write_text(TypeAdapter(ReportDraft).dump_json(late_part).decode())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    file_report(part(whole("passed")), shared=tmp_path / "shared", folder=tmp_path / "reports")
    assert behaviour_in(tmp_path).outcome == "failed"
    assert "NOT verified" in (tmp_path / "reports" / "counter-acme.txt").read_text()


def behaviour_in(tmp_path: Path) -> Behaviour:
    data = (tmp_path / "reports" / "counter-acme.json").read_bytes()
    [found] = CapabilityReport.model_validate_json(data).behaviours
    return found
