"""The capability report: what a plugin claims, what its suite proved, on which versions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ossicle.abc import API_VERSION
from ossicle.messages import Value

Outcome = Literal["passed", "failed", "not applicable", "exception", "not run"]
"""`exception`: the author declared, with a reason, that it does not hold. `not run`: the check was
left out of this run, by a selection, a mark or an error before it."""


class Behaviour(Value):
    """One check of a suite, or a setting by which its author made checks lenient.

    Attributes:
        name: Of the test or the setting.
        says: The behaviour in words.
        outcome: How it went; of several runs, the worst.
        reason: Why it does not apply, is an exception, or counts as not run.
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
        kind: `provider`, `converter`, `validator`, `preprocessor` or `store`.
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
        """Whether every check was run and none failed; declared exceptions are allowed."""
        outcomes = {one.outcome for one in self.behaviours}
        return "passed" in outcomes and not outcomes & {"failed", "not run"}

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
