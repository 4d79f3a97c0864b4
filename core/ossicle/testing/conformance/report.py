"""The capability report: what a plugin claims, what its suite proved, on which versions."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import Field

from ossicle.abc import API_VERSION, Requirement
from ossicle.messages import Value

Outcome = Literal["passed", "failed", "not applicable", "exception"]
"""`exception`: the author declared, with a reason, that it does not hold."""

_WORST: tuple[Outcome, ...] = ("failed", "exception", "passed", "not applicable")


class Behaviour(Value):
    """One check of a suite.

    Attributes:
        name: Of the test.
        says: The behaviour in words.
        outcome: How it went; of several runs, the worst.
        reason: Why it does not apply, or is an exception.
    """

    name: str
    says: str
    outcome: Outcome
    reason: str = ""


class Claim(Value):
    """One thing the plugin's record promises.

    Attributes:
        what: In words.
        is_proved: Whether the suite saw it.
        reason: Why not.
    """

    what: str
    is_proved: bool = False
    reason: str = ""


class CapabilityReport(Value):
    """What one run of a suite says of one plugin.

    Attributes:
        kind: `provider`, `converter`, `validator` or `preprocessor`.
        subject: Name of the plugin's object.
        claims: Of its record, in order.
        behaviours: In order of the suite.
        versions: Of ossicle, of Python, of the plugin and of what it stands on.
        api_version: Of the interfaces the suite belongs to.
    """

    kind: str
    subject: str
    claims: tuple[Claim, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    api_version: int = API_VERSION

    @property
    def is_verified(self) -> bool:
        """Whether something ran and nothing failed; declared exceptions are allowed."""
        outcomes = {one.outcome for one in self.behaviours}
        return "passed" in outcomes and "failed" not in outcomes

    @property
    def digest(self) -> str:
        """SHA-256 of the report in JSON; changes with every change of the report."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def table(self) -> str:
        """The report for people."""
        verdict = "verified" if self.is_verified else "NOT verified"
        proved = sum(claim.is_proved for claim in self.claims)
        lines = [
            f"{self.kind} {self.subject}: {verdict}, {proved} of {len(self.claims)} claims proved",
            "versions: " + ", ".join(f"{name} {text}" for name, text in self.versions.items()),
        ]
        for claim in self.claims:
            mark = "proved" if claim.is_proved else "claimed"
            lines.append(f"  {mark:<15} {claim.what}{_because(claim.reason)}")
        for one in self.behaviours:
            lines.append(f"  {one.outcome:<15} {one.says}{_because(one.reason)}")
        return "\n".join(lines)


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


@dataclass(slots=True)
class ReportDraft:
    """A report while the suite runs.

    Attributes:
        kind: As in `CapabilityReport`.
        subject: Empty until the first check ran.
    """

    kind: str
    subject: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    _claims: dict[str, Claim] = field(default_factory=dict)
    _behaviours: dict[str, Behaviour] = field(default_factory=dict)

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

    def note(self, name: str, says: str, outcome: Outcome, reason: str = "") -> None:
        """Note how a check went; of several runs of one check the worst counts."""
        known = self._behaviours.get(name)
        if known is None or _WORST.index(outcome) < _WORST.index(known.outcome):
            self._behaviours[name] = Behaviour(name=name, says=says, outcome=outcome, reason=reason)

    def report(self) -> CapabilityReport:
        """What is known so far."""
        return CapabilityReport(
            kind=self.kind,
            subject=self.subject,
            claims=tuple(self._claims.values()),
            behaviours=tuple(self._behaviours.values()),
            versions=dict(self.versions),
        )


def versions_of(factory: Callable[..., Any], requires: Iterable[Requirement]) -> dict[str, str]:
    """Versions of ossicle, Python, the distribution that holds a factory, and its requirements."""
    holder = getattr(factory, "__module__", "") or ""
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


@cache
def _owners() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()
