"""Runs a suite from a program: what `pytest` does with it, without a file and without output."""

from __future__ import annotations

import gc
import os
import tempfile
import types
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ossicle.errors import ConfigurationError
from ossicle.plugins import CapabilityReport
from ossicle_testing.conformance.report_merge import report_of
from ossicle_testing.conformance.suite import REPORTS_VARIABLE, Conformance, checks_of

_ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they have state and an idea of a run of their own
    REPORTS_VARIABLE: "",  # a trial is not what the run around it reports on
}
_REPORTS_ELSEWHERE = ("-p", "no:unraisableexception", "-p", "no:threadexception")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a run of a suite went.

    Attributes:
        report: Claims and behaviours; checks that were left out are `not run`.
        failures: Name of each check that failed and what it said, the first failure of each.
    """

    report: CapabilityReport
    failures: Mapping[str, str]


def run_suite(
    suite: type[Conformance], *, checks: Collection[str] | None = None, stops_early: bool = False
) -> Trial:
    """Run a suite in this process and return how it went.

    Args:
        suite: Derived from one of the suites, with its fixtures.
        checks: Names of the checks to run; `None` runs all.
        stops_early: Whether the first failure ends the run.

    Returns:
        The report and the failures; nothing is printed or written.

    Raises:
        ConfigurationError: There is no check of such a name, or pytest could not run.
    """
    unknown = sorted(set(checks or ()) - set(checks_of(suite)))
    if unknown:
        raise ConfigurationError(
            f"{suite.__name__} has no check {unknown[0]!r}",
            fix="Take the names from the report's behaviours.",
        )
    own: type[Conformance] = type("TestTrial", (suite,), {"__module__": suite.__module__})
    runner = _Runner(own, checks)
    with tempfile.TemporaryDirectory(prefix="ossicle-trial-") as folder, _in_its_own_environment():
        arguments = [
            "--capture=no", "-p", "no:terminal", "-p", "no:cacheprovider",
            "-p", "no:faulthandler", *_REPORTS_ELSEWHERE, *(("-x",) if stops_early else ()),
            "--rootdir", folder, "-c", os.devnull, "--basetemp", str(Path(folder, "tmp")), folder,
        ]  # fmt: skip
        status = pytest.main(arguments, plugins=[runner])
    _clear_away()
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise ConfigurationError(
            f"pytest ended with status {int(status)} instead of running {suite.__name__}",
            fix="Run the suite by the command pytest, which says why.",
        )
    return Trial(report=report_of([own.draft]), failures=runner.failures)


def _clear_away() -> None:
    """What a broken plugin left open is closed here, not in the middle of somebody else's test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def _in_its_own_environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@dataclass(slots=True)
class _Runner:
    """A plugin of pytest that collects one class and remembers failures."""

    suite: type[Conformance]
    checks: Collection[str] | None
    failures: dict[str, str] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        module = pytest.Module.from_parent(session, path=session.config.rootpath / "trial.py")
        module.obj = types.ModuleType("trial")
        vars(module.obj)["TestTrial"] = self.suite
        session.items = [
            item
            for item in session.genitems(module)
            if self.checks is None or _check_of(item) in self.checks
        ]
        session.testscollected = len(session.items)
        return True

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is None:
            return
        if call.excinfo.errisinstance((pytest.skip.Exception, pytest.xfail.Exception)):
            return
        self.failures.setdefault(_check_of(item), f"{call.when}: {call.excinfo.exconly()}")


def _check_of(item: pytest.Item) -> str:
    return getattr(item, "originalname", None) or item.name
