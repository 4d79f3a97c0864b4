"""A suite cannot be talked into saying more than it saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from ossicle.abc import ValidatorSpec
from ossicle.errors import ConfigurationError
from ossicle.plugins.report import CapabilityReport
from ossicle.testing.conformance import (
    Conformance,
    ValidatorConformance,
    check,
    run_suite,
)
from ossicle.testing.conformance.suite import REPORTS_VARIABLE
from ossicle.validators.plugin import ossicle_register_validators

SPEC = next(one for one in ossicle_register_validators() if one.name == "silence")


class Good(ValidatorConformance):
    @pytest.fixture
    def spec(self) -> ValidatorSpec:
        return SPEC


def test_a_check_cannot_be_overridden_without_a_reason() -> None:
    with pytest.raises(TypeError, match="'test_nan_is_judged' without a reason"):

        class Overriding(Good):
            def test_nan_is_judged(self) -> None: ...  # type: ignore[override]

    with pytest.raises(TypeError, match="'test_nan_is_judged' without a reason"):

        class Removing(Good):
            test_nan_is_judged = None  # type: ignore[assignment]

    with pytest.raises(TypeError, match="gives no reason"):

        class Silent(Good):
            exceptions = {"test_nan_is_judged": " "}

    with pytest.raises(TypeError, match="'test_nothing', which is no check"):

        class Mistaken(Good):
            exceptions = {"test_nothing": "why not"}


@pytest.mark.parametrize("name", ["_subject", "_write_report"])
def test_the_machinery_cannot_be_replaced(name: str) -> None:
    with pytest.raises(TypeError, match=f"replaces {name!r}"):
        type("Cheating", (Good,), {name: lambda self: None})


def test_a_removed_check_with_a_reason_is_an_exception_of_the_report() -> None:
    class Removing(Good):
        exceptions = {"test_nan_is_judged": "our decoder gives none"}
        test_nan_is_judged = None  # type: ignore[assignment]

    trial = run_suite(Removing)
    outcomes = {one.name: (one.outcome, one.reason) for one in trial.report.behaviours}
    assert outcomes["test_nan_is_judged"] == ("exception", "our decoder gives none")
    assert trial.report.is_verified
    assert "our decoder gives none" in trial.report.table()


def test_an_exception_that_holds_has_to_go() -> None:
    class Modest(Good):
        exceptions = {"test_nan_is_judged": "we thought so"}

    trial = run_suite(Modest)
    assert "declared as an exception but holds" in trial.failures["test_nan_is_judged"]
    assert not trial.report.is_verified


def test_what_was_left_out_is_not_run_and_nothing_is_verified() -> None:
    trial = run_suite(Good, checks=["test_nan_is_judged"])
    outcomes = [one.outcome for one in trial.report.behaviours]
    assert outcomes.count("passed") == 1
    assert outcomes.count("not run") == len(outcomes) - 1
    assert not trial.report.is_verified
    with pytest.raises(ConfigurationError, match="no check 'test_nothing'"):
        run_suite(Good, checks=["test_nothing"])


def test_a_mark_that_skips_shows_in_the_report() -> None:
    trial = run_suite(pytest.mark.skip(reason="too slow")(type("Lazy", (Good,), {})))
    assert {one.outcome for one in trial.report.behaviours} == {"not run"}
    assert not trial.report.is_verified


def test_a_broken_fixture_proves_nothing() -> None:
    class Broken(ValidatorConformance):
        @pytest.fixture
        def spec(self) -> ValidatorSpec:
            raise KeyError("spec")

    trial = run_suite(Broken)
    assert trial.failures["test_nan_is_judged"].startswith("setup: KeyError")
    assert not trial.report.is_verified


class Counting(Conformance, is_part=True):
    kind = "counter"
    seen: ClassVar[list[Any]] = []

    @check("counts")
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_counts(self, number: int) -> None:
        self.draft.subject = "counter"
        self.draft.claim(f"counts {number}")
        assert number != 2, "two is too many"
        self.draft.prove(f"counts {number}")


def test_of_several_runs_the_worst_counts_and_claims_stand_alone() -> None:
    trial = run_suite(Counting)
    [behaviour] = trial.report.behaviours
    assert behaviour.outcome == "failed"
    assert trial.failures == {"test_counts": trial.failures["test_counts"]}
    assert "two is too many" in trial.failures["test_counts"]
    assert [claim.is_proved for claim in trial.report.claims] == [True, False, True]
    assert "2 of 3 claims proved" in trial.report.table()


def test_a_trial_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REPORTS_VARIABLE, str(tmp_path))
    before = Good.draft.report()
    trial = run_suite(Good)
    assert Good.draft.report() == before
    [path] = tmp_path.glob("*.json")
    assert CapabilityReport.model_validate_json(path.read_bytes()) == trial.report
    assert path.with_suffix(".txt").read_text().startswith("validator silence: verified")
