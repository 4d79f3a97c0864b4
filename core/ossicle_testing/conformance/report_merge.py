"""Puts reports together: of the processes that share a class, of the classes that try one thing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from ossicle.messages import Value
from ossicle.plugins import Behaviour, CapabilityReport, Claim, Outcome

WORST: tuple[Outcome, ...] = ("failed", "exception", "passed", "not applicable", "not run")
"""Of several runs of one check, the first of these counts."""

_WORST_CLASS: tuple[Outcome, ...] = ("failed", "not run", "exception", "passed", "not applicable")
"""Of several classes that try the same thing, the first of these counts for a check."""


class Run(Value):
    """How a check went in one of its ways.

    Attributes:
        way: The name that pytest gives it, with its parameters.
        outcome: Of all runs in this way, the worst.
        reason: As in `Behaviour`.
    """

    way: str
    outcome: Outcome
    reason: str = ""


class CheckPart(Value):
    """What one process saw of one check.

    Attributes:
        name: Of the test.
        says: The behaviour in words.
        waived: Why the class leaves it out; `None` where it does not.
        expected: All ways in which it has to run.
        runs: Those that this process saw.
    """

    name: str
    says: str
    waived: str | None = None
    expected: frozenset[str] = frozenset()
    runs: tuple[Run, ...] = ()


class Part(Value):
    """What one process saw of one class.

    Attributes:
        suite: Where the class is collected; the same in all processes.
        kind: As in `CapabilityReport`.
        subject: As in `CapabilityReport`.
        claims: As in `CapabilityReport`.
        checks: In order of the suite.
        versions: As in `CapabilityReport`.
    """

    suite: str
    kind: str
    subject: str
    claims: tuple[Claim, ...] = ()
    checks: tuple[CheckPart, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)


def report_of(parts: Sequence[Part]) -> CapabilityReport:
    """One report of all parts about one thing; there has to be one at least.

    A claim is proved where one of them saw it. A check has the outcome of the class in which it
    went worst, with the reasons of all exceptions; one that did not run in all its ways is
    `not run`.
    """
    suites: dict[str, list[Part]] = {}
    for part in parts:
        suites.setdefault(part.suite, []).append(part)
    behaviours: dict[str, list[Behaviour]] = {}
    for suite in suites.values():
        for behaviour in _behaviours_of(suite):
            behaviours.setdefault(behaviour.name, []).append(behaviour)
    return CapabilityReport(
        kind=parts[0].kind,
        subject=parts[0].subject,
        claims=_claims_of(parts),
        behaviours=tuple(_worst_of(found) for found in behaviours.values()),
        versions={name: text for part in parts for name, text in part.versions.items()},
    )


def file_report(part: Part, *, shared: Path, folder: Path) -> None:
    """Write the report of everything that this run saw of a part's subject, so far.

    Args:
        part: Of this process and one class; an earlier one of the same is replaced.
        shared: A folder that all processes of this run have, and no other run.
        folder: Where the table and the JSON document go.
    """
    name = quote(f"{part.kind}-{part.subject}", safe=" +@")
    place = shared / name
    place.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    own = hashlib.sha256(part.suite.encode()).hexdigest()[:16]
    _replace(place / f"{own}-{os.getpid()}.json", part.model_dump_json())
    written: Mapping[str, bytes] = {}
    # Whoever writes last has seen, afterwards, that nothing came in between: no lock is needed.
    while (found := _contents(place)) != written:
        report = report_of([Part.model_validate_json(data) for data in found.values()])
        _replace(folder / f"{name}.json", report.model_dump_json(indent=2))
        _replace(folder / f"{name}.txt", report.table() + "\n")
        written = found


def _behaviours_of(parts: Sequence[Part]) -> Iterable[Behaviour]:
    """Of the parts of one class."""
    checks: dict[str, list[CheckPart]] = {}
    for part in parts:
        for check in part.checks:
            checks.setdefault(check.name, []).append(check)
    for name, found in checks.items():
        outcome, reason = _outcome_of(found)
        yield Behaviour(name=name, says=found[0].says, outcome=outcome, reason=reason)


def _outcome_of(checks: Sequence[CheckPart]) -> tuple[Outcome, str]:
    waived = checks[0].waived
    if waived is not None:
        return "exception", waived
    runs = sorted(
        (run for check in checks for run in check.runs), key=lambda run: WORST.index(run.outcome)
    )
    expected = frozenset[str]().union(*(check.expected for check in checks))
    came = expected & {run.way for run in runs}
    if runs and runs[0].outcome == "failed":
        return "failed", runs[0].reason
    if not came or came != expected:
        return "not run", f"only {len(came)} of its {len(expected)} runs" if came else ""
    return runs[0].outcome, runs[0].reason


def _worst_of(found: Sequence[Behaviour]) -> Behaviour:
    """Of one check in several classes."""
    worst = min(found, key=lambda one: _WORST_CLASS.index(one.outcome))
    if worst.outcome != "exception":
        return worst
    reasons = dict.fromkeys(one.reason for one in found if one.outcome == "exception")
    return worst.model_copy(update={"reason": "; ".join(reasons)})


def _claims_of(parts: Iterable[Part]) -> tuple[Claim, ...]:
    claims: dict[str, Claim] = {}
    for claim in (claim for part in parts for claim in part.claims):
        known = claims.get(claim.what)
        if known is None or claim.is_proved or not (known.is_proved or known.reason):
            claims[claim.what] = claim
    return tuple(claims.values())


def _contents(place: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(place.glob("*.json"))}


def _replace(path: Path, text: str) -> None:
    """Write a file that others may read at the same time."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
