"""Puts reports together: of the processes that share a class, of the classes that try one thing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from pydantic import TypeAdapter

from ossicle.plugins import Behaviour, CapabilityReport, Claim, Outcome
from ossicle_testing.conformance.report_draft import WORST, CheckDraft, ReportDraft

_WORST_CLASS: tuple[Outcome, ...] = ("failed", "not run", "exception", "passed", "not applicable")
"""Of several classes that try the same thing, the first of these counts for a check."""


_DRAFTS = TypeAdapter(ReportDraft)


def report_of(drafts: Sequence[ReportDraft]) -> CapabilityReport:
    """One report of all drafts about one thing; there must be one at least.

    A claim is proved where one of them saw it. A check has the outcome of the class in which it
    went worst, with the reasons of all exceptions; one that did not run in all its ways is
    `not run`.
    """
    suites: dict[str, list[ReportDraft]] = {}
    for draft in drafts:
        suites.setdefault(draft.suite, []).append(draft)
    behaviours: dict[str, list[Behaviour]] = {}
    for suite in suites.values():
        for behaviour in _behaviours_of(suite):
            behaviours.setdefault(behaviour.name, []).append(behaviour)
    return CapabilityReport(
        kind=drafts[0].kind,
        subject=drafts[0].subject,
        claims=_claims_of(drafts),
        behaviours=tuple(_worst_of(found) for found in behaviours.values()),
        versions={name: text for draft in drafts for name, text in draft.versions.items()},
    )


def file_report(draft: ReportDraft, *, shared: Path, folder: Path) -> None:
    """Write the report of everything that this run saw of a draft's subject, so far.

    Args:
        draft: Of this process and one class; an earlier one of the same is replaced.
        shared: A folder that all processes of this run have, and no other run.
        folder: Where the table and the JSON document go.
    """
    name = quote(f"{draft.kind}-{draft.subject}", safe=" +@")
    place = shared / name
    place.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    own = hashlib.sha256(draft.suite.encode()).hexdigest()[:16]
    _replace(place / f"{own}-{os.getpid()}.json", _DRAFTS.dump_json(draft).decode())
    written: Mapping[str, bytes] = {}
    # Whoever writes last has seen, afterwards, that nothing came in between: no lock is needed.
    while (found := _contents(place)) != written:
        report = report_of([_DRAFTS.validate_json(data) for data in found.values()])
        _replace(folder / f"{name}.json", report.model_dump_json(indent=2))
        _replace(folder / f"{name}.txt", report.table() + "\n")
        written = found


def _behaviours_of(drafts: Sequence[ReportDraft]) -> Iterable[Behaviour]:
    """Of the drafts of one class."""
    for name in dict.fromkeys(name for draft in drafts for name in draft.checks):
        found = [draft.checks[name] for draft in drafts if name in draft.checks]
        outcome, reason = _outcome_of(found)
        yield Behaviour(name=name, says=found[0].says, outcome=outcome, reason=reason)


def _outcome_of(checks: Sequence[CheckDraft]) -> tuple[Outcome, str]:
    waived = checks[0].waived
    if waived is not None:
        return "exception", waived
    runs = sorted(
        (run for check in checks for run in check.runs.values()),
        key=lambda run: WORST.index(run[0]),
    )
    expected = frozenset[str]().union(*(check.expected for check in checks))
    came = expected & {way for check in checks for way in check.runs}
    if runs and runs[0][0] == "failed":
        return runs[0]
    if not came or came != expected:
        return "not run", f"only {len(came)} of its {len(expected)} runs" if came else ""
    return runs[0]


def _worst_of(found: Sequence[Behaviour]) -> Behaviour:
    """Of one check in several classes."""
    worst = min(found, key=lambda one: _WORST_CLASS.index(one.outcome))
    if worst.outcome != "exception":
        return worst
    reasons = dict.fromkeys(one.reason for one in found if one.outcome == "exception")
    return worst.model_copy(update={"reason": "; ".join(reasons)})


def _claims_of(drafts: Iterable[ReportDraft]) -> tuple[Claim, ...]:
    claims: dict[str, Claim] = {}
    for claim in (claim for draft in drafts for claim in draft.claims.values()):
        known = claims.get(claim.what)
        if known is None or claim.is_proved or not (known.is_proved or known.reason):
            claims[claim.what] = claim
    return tuple(claims.values())


def _contents(place: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(place.glob("*.json"))}


def _replace(path: Path, text: str) -> None:
    """Write a file that others may read at the same time."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
