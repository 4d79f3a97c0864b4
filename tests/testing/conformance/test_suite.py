"""A suite cannot be talked into saying more than it saw."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ossicle.abc import ValidatorSpec
from ossicle.errors import ConfigurationError
from ossicle.plugins import CapabilityReport
from ossicle.validators.plugin import ossicle_register_validators
from ossicle_testing.conformance import (
    Conformance,
    ProviderConformance,
    ValidatorConformance,
    check,
    run_suite,
)
from ossicle_testing.conformance.report_draft import ReportDraft
from ossicle_testing.conformance.report_merge import report_of
from ossicle_testing.conformance.suite import REPORTS_VARIABLE, checks_of

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
        self.draft.describe("counter", Counting)
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
    before = report_of([Good.draft])
    assert run_suite(Good).report.is_verified
    assert report_of([Good.draft]) == before
    assert not list(tmp_path.iterdir()), "what a test tries out is no report of that test run"


def test_the_same_words_are_not_the_same_check() -> None:
    says = checks_of(Good)["test_nan_is_judged"]
    with pytest.raises(TypeError, match="'test_nan_is_judged' without a reason"):

        class Empty(Good):
            @check(says)
            def test_nan_is_judged(self) -> None: ...  # type: ignore[override]


def test_an_answer_that_varies_needs_a_reason_that_the_report_shows() -> None:
    with pytest.raises(TypeError, match="relaxes 'is_deterministic' without a reason"):

        class Loose(ProviderConformance):
            is_deterministic = False

    with pytest.raises(TypeError, match="'is_deterministic', which is no check, and is as"):

        class Strict(ProviderConformance):
            exceptions = {"is_deterministic": "it varies"}

    with pytest.raises(TypeError, match="replaces 'relaxations'"):

        class Sly(ProviderConformance):
            relaxations: ClassVar[Mapping[str, str]] = {}
            is_deterministic = False

    class Varied(ProviderConformance):
        is_deterministic = False
        exceptions = {"is_deterministic": "it draws its words"}

    report = report_of([Varied.draft])
    [told] = [one for one in report.behaviours if one.outcome == "exception"]
    assert (told.name, told.reason) == ("is_deterministic", "it draws its words")
    words = "answers the same request in the same way each time (it draws its words)"
    assert f"exception       {words}" in report.table()


def test_a_check_that_ran_in_part_did_not_run(tmp_path: Path) -> None:
    report = outcome_of(tmp_path, "-k", "not thousand")
    assert report["test_counts"] == ("not run", "only 2 of its 3 runs")
    assert report["test_adds"] == ("passed", "")
    report = outcome_of(tmp_path, "test_acme.py::TestAcme::test_counts[one]")
    assert report == {
        "test_counts": ("not run", "only 1 of its 3 runs"),
        "test_adds": ("not run", ""),
    }
    whole = outcome_of(tmp_path)
    assert whole == {"test_counts": ("passed", ""), "test_adds": ("passed", "")}


ACME = """
import os, pytest
from ossicle_testing.conformance import Conformance, check

class Adding(Conformance, is_part=True):
    kind = "counter"

    @pytest.fixture(autouse=True)
    def _subject(self, spec):
        self.draft.describe(spec, Adding)
        self.draft.claim("counts")

    @check("counts")
    @pytest.mark.parametrize("number", [1, 10, 1000], ids=["one", "ten", "thousand"])
    def test_counts(self, number):
        self.draft.prove("counts")
        assert str(number) != os.environ.get("BROKEN")

    @check("adds")
    def test_adds(self): pass

class TestAcme(Adding):
    @pytest.fixture
    def spec(self): return "acme.v2"
"""
MORE = """
class TestOther(Adding):
    @pytest.fixture
    def spec(self): return "acme.v3"

class TestSame(Adding):
    exceptions = {"test_adds": "it cannot add"}
    test_adds = None
    @pytest.fixture
    def spec(self): return "acme.v2"
"""


def pytest_on(tmp_path: Path, text: str, *arguments: str) -> int:
    """A run of its own in this process, whose reports go into `reports`; its exit status."""
    tmp_path.joinpath("test_acme.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REPORTS_VARIABLE, str(tmp_path / "reports"))
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.chdir(tmp_path)
        patch.delitem(sys.modules, "test_acme", raising=False)  # of another run
        return pytest.main(
            ["-q", "--import-mode=importlib", f"--rootdir={tmp_path}", "-c", os.devnull,
             "-p", "no:cacheprovider", "-p", "no:faulthandler", *arguments]
        )  # fmt: skip


def reports_in(tmp_path: Path) -> dict[str, CapabilityReport]:
    paths = sorted((tmp_path / "reports").glob("*.json"))
    return {path.stem: CapabilityReport.model_validate_json(path.read_bytes()) for path in paths}


def outcomes(report: CapabilityReport) -> dict[str, tuple[str, str]]:
    return {one.name: (one.outcome, one.reason) for one in report.behaviours}


def outcome_of(tmp_path: Path, *arguments: str) -> dict[str, tuple[str, str]]:
    assert pytest_on(tmp_path, ACME, *arguments) == 0
    [report] = reports_in(tmp_path).values()
    assert report.is_verified == (not arguments)
    return outcomes(report)


def test_names_with_a_dot_and_classes_about_the_same_keep_apart(tmp_path: Path) -> None:
    assert pytest_on(tmp_path, ACME + MORE) == 0
    found = reports_in(tmp_path)
    assert set(found) == {"counter-acme.v2", "counter-acme.v3"}
    assert outcomes(found["counter-acme.v2"])["test_adds"] == ("exception", "it cannot add")
    assert outcomes(found["counter-acme.v3"])["test_adds"] == ("passed", "")
    table = (tmp_path / "reports" / "counter-acme.v2.txt").read_text()
    assert table.startswith("counter acme.v2: verified, 1 of 1 claims proved")
    assert "exception       adds (it cannot add)" in table


def test_names_that_lead_elsewhere_stay_in_the_folder(tmp_path: Path) -> None:
    assert pytest_on(tmp_path, ACME.replace("acme.v2", "../../acme")) == 0
    [report] = reports_in(tmp_path).values()
    assert report.subject == "../../acme"


def test_one_class_is_about_one_thing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    several = ACME.replace("pytest.fixture\n    def spec(self)", SEVERAL)
    several = several.replace('return "acme.v2"', "return request.param")
    assert pytest_on(tmp_path, several) == 1
    assert "one class tries counter 'a' and 'b'" in capsys.readouterr().out
    [report] = reports_in(tmp_path).values()
    assert not report.is_verified


SEVERAL = """pytest.fixture(params=["a", "b"])
    def spec(self, request)"""


class Worker:
    """What pytest-xdist tells the plugins of a process that it started."""

    def __init__(self, number: int) -> None:
        self.number = number

    def pytest_configure(self, config: pytest.Config) -> None:
        vars(config)["workerinput"] = {"workerid": f"gw{self.number}"}


PART = """
import os, sys, pytest
from tests.testing.conformance.test_suite import Worker
number, base, *arguments = sys.argv[1:]
arguments += ["-q", "--import-mode=importlib", "-c", os.devnull, f"--basetemp={base}{number}"]
sys.exit(pytest.main(arguments, plugins=[Worker(int(number))]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["", "1000"])
def test_processes_that_share_a_class_share_its_report(tmp_path: Path, broken: str) -> None:
    """As pytest-xdist has it: folders below one folder, and to each process a part of the tests."""
    base = tmp_path / "all" / "popen-gw"
    base.parent.mkdir()
    tests = tmp_path / "test_acme.py"
    tests.write_text(ACME)
    environment = {
        **os.environ,
        REPORTS_VARIABLE: str(tmp_path / "reports"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "BROKEN": broken,
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PART, str(number), str(base), str(tests), "-k", words],
            env=environment,
            cwd=Path(__file__).parents[3],
            stdout=subprocess.DEVNULL,
        )
        for number, words in enumerate(["thousand or adds", "one or ten"])
    ]
    assert [process.wait() for process in processes] == [1 if broken else 0, 0]
    [report] = reports_in(tmp_path).values()
    told = {"test_counts": ("failed" if broken else "passed", ""), "test_adds": ("passed", "")}
    assert outcomes(report) == told
    assert report.is_verified == (not broken)


def test_a_later_run_starts_anew(tmp_path: Path) -> None:
    for words in ("thousand or adds", "one or ten"):
        pytest_on(tmp_path, ACME, "-k", words)
    [report] = reports_in(tmp_path).values()
    assert outcomes(report)["test_counts"] == ("not run", "only 2 of its 3 runs")
    assert outcomes(report)["test_adds"] == ("not run", "")


def test_classes_of_an_earlier_run_are_not_put_together_with_those_of_a_later(
    tmp_path: Path,
) -> None:
    pytest_on(tmp_path, ACME + MORE)
    pytest_on(tmp_path, ACME)
    assert outcomes(reports_in(tmp_path)["counter-acme.v2"])["test_adds"] == ("passed", "")


def test_a_factory_with_arguments_lies_where_its_function_lies() -> None:
    plain, given = ReportDraft(kind="validator"), ReportDraft(kind="validator")
    plain.describe("silence", SPEC.factory)
    given.describe("silence", partial(partial(SPEC.factory)))
    assert plain.versions == given.versions
    assert set(plain.versions) >= {"python", "ossicle"}
