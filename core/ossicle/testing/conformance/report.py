"""The capability report while its suite runs."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ossicle.abc import Requirement
from ossicle.plugins.report import WORST, Behaviour, CapabilityReport, Claim, Outcome

__all__ = ["Behaviour", "CapabilityReport", "Claim", "Outcome", "ReportDraft", "versions_of"]


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
        if known is None or WORST.index(outcome) < WORST.index(known.outcome):
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
