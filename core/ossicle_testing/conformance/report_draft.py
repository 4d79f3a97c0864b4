"""The capability report while its suite runs."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from ossicle.abc import Requirement
from ossicle.errors import ConfigurationError
from ossicle.plugins import CapabilityReport, Claim, Outcome
from ossicle_testing.conformance.report_merge import WORST, CheckPart, Part, Run, report_of


@dataclass(slots=True)
class ReportDraft:
    """A report while the suite runs.

    Attributes:
        kind: As in `CapabilityReport`.
        subject: Empty until the first check ran.
        versions: As in `CapabilityReport`.
    """

    kind: str
    subject: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    _claims: dict[str, Claim] = field(default_factory=dict)
    _checks: dict[str, str] = field(default_factory=dict)
    _waived: dict[str, str] = field(default_factory=dict)
    _expected: dict[str, frozenset[str]] = field(default_factory=dict)
    _runs: dict[str, dict[str, Run]] = field(default_factory=dict)

    def describe(
        self, subject: str, factory: Callable[..., Any], requires: Iterable[Requirement] = ()
    ) -> None:
        """Note what is tried, and on which versions.

        Raises:
            ConfigurationError: The class tried something else before.
        """
        if self.subject not in ("", subject):
            raise ConfigurationError(
                f"one class tries {self.kind} {self.subject!r} and {subject!r}",
                fix="Derive a class for each: a report is about one thing.",
            )
        self.subject = subject
        self.versions = versions_of(factory, requires)

    def claim(self, what: str) -> None:
        """Note a promise; noting it again changes nothing."""
        self._claims.setdefault(what, Claim(what=what))

    def prove(self, what: str) -> None:
        """Note that a promise was kept."""
        self._claims[what] = Claim(what=what, is_proved=True)

    def doubt(self, what: str, reason: str) -> None:
        """Note why a promise could not be tried."""
        if not self._claims.get(what, Claim(what=what)).is_proved:
            self._claims[what] = Claim(what=what, reason=reason)

    def declare(self, name: str, says: str) -> None:
        """Note that there is a check, and what it says."""
        self._checks[name] = says

    def waive(self, name: str, reason: str) -> None:
        """Note that a declared check is left out for a reason."""
        self._waived[name] = reason

    def expect(self, ways: Mapping[str, Iterable[str]]) -> None:
        """Note in which ways each check has to run: the names that pytest gives them."""
        for name, expected in ways.items():
            self._expected[name] = self._expected.get(name, frozenset()) | frozenset(expected)

    def note(self, name: str, outcome: Outcome, reason: str = "", *, way: str) -> None:
        """Note how a check went in one of its ways; of several runs the worst counts."""
        known = self._runs.setdefault(name, {})
        if way not in known or WORST.index(outcome) < WORST.index(known[way].outcome):
            known[way] = Run(way=way, outcome=outcome, reason=reason)

    def part(self, suite: str = "") -> Part:
        """What is known so far of one class, for putting together with others."""
        return Part(
            suite=suite,
            kind=self.kind,
            subject=self.subject,
            claims=tuple(self._claims.values()),
            checks=tuple(
                CheckPart(
                    name=name,
                    says=says,
                    waived=self._waived.get(name),
                    expected=self._expected.get(name, frozenset()),
                    runs=tuple(self._runs.get(name, {}).values()),
                )
                for name, says in self._checks.items()
            ),
            versions=dict(self.versions),
        )

    def report(self) -> CapabilityReport:
        """What is known so far."""
        return report_of([self.part()])


def versions_of(factory: Callable[..., Any], requires: Iterable[Requirement]) -> dict[str, str]:
    """Versions of ossicle, Python, the distribution that holds a factory, and its requirements."""
    holder = _module_of(factory)
    packages = [holder.partition(".")[0], *(need.package for need in requires)]
    owners = _owners()
    names = {name for package in packages for name in owners.get(package, ())} | {"ossicle"}
    found = {"python": platform.python_version()}
    for name in sorted(names):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _module_of(factory: Callable[..., Any]) -> str:
    while isinstance(factory, partial):
        factory = factory.func
    return getattr(factory, "__module__", "") or ""


@cache
def _owners() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()
