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
from ossicle.plugins import Claim, Outcome

WORST: tuple[Outcome, ...] = ("failed", "exception", "passed", "not applicable", "not run")
"""Of several runs of one check, the first of these counts."""


@dataclass(slots=True)
class CheckDraft:
    """What is known so far of one check.

    Attributes:
        says: The behaviour in words.
        waived: Why the class leaves it out; `None` where it does not.
        expected: All ways in which it has to run: the names that pytest gives them.
        runs: The worst outcome in each way so far, with its reason.
    """

    says: str
    waived: str | None = None
    expected: frozenset[str] = frozenset()
    runs: dict[str, tuple[Outcome, str]] = field(default_factory=dict)


@dataclass(slots=True)
class ReportDraft:
    """What one process has seen so far of one class that uses a suite.

    Attributes:
        kind: As in `CapabilityReport`.
        subject: As in `CapabilityReport`; empty until the first check ran.
        suite: Where the class is collected; the same in all processes.
        versions: As in `CapabilityReport`.
        claims: By their words, in order.
        checks: By name, in order of the suite.
    """

    kind: str
    subject: str = ""
    suite: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    checks: dict[str, CheckDraft] = field(default_factory=dict)

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
        self.claims.setdefault(what, Claim(what=what))

    def prove(self, what: str) -> None:
        """Note that a promise was kept."""
        self.claims[what] = Claim(what=what, is_proved=True)

    def doubt(self, what: str, reason: str) -> None:
        """Note why a promise could not be tried."""
        if not self.claims.get(what, Claim(what=what)).is_proved:
            self.claims[what] = Claim(what=what, reason=reason)

    def expect(self, ways: Mapping[str, Iterable[str]]) -> None:
        """Note in which ways each check has to run."""
        for name in self.checks.keys() & ways.keys():
            self.checks[name].expected |= frozenset(ways[name])

    def note(self, name: str, outcome: Outcome, reason: str = "", *, way: str) -> None:
        """Note how a check went in one of its ways; of several runs the worst counts."""
        runs = self.checks[name].runs
        if way not in runs or WORST.index(outcome) < WORST.index(runs[way][0]):
            runs[way] = outcome, reason


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
