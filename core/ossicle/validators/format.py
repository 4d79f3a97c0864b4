"""Whether the audio is in a format that the model takes, and whole."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.audio import AudioFacts
from ossicle.messages import Finding
from ossicle.signal.meters import Measurements
from ossicle.signal.runs import MAX_MARKS
from ossicle.validators.thresholds import check_rising


class FormatValidator(Validator):
    """Refuses formats the model does not take; warns of files that are cut or damaged.

    Args:
        missing_share: How much of what the header promises may fail to decode; estimates of
            headers are not held to it.
    """

    name = "format"

    def __init__(self, *, missing_share: float = 0.02) -> None:
        check_rising({"the least": 0.0, "missing_share": missing_share, "the most": 1.0})
        self.missing_share = missing_share

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`format_not_taken` (error); warnings on what the file lost or does not give."""
        yield from _not_taken(evidence.facts, context)
        if unread := evidence.facts.unread_bytes:
            yield Finding(
                code="unread_bytes",
                severity="warning",
                message=f"{unread} bytes behind the audio are of another kind and not read",
                measured=float(unread),
                allowed=0.0,
                unit="bytes",
                fix="Check what follows: another recording must be given by itself.",
            )
        yield from _holes(evidence.facts)
        if "truncated" in evidence.facts.notes:
            yield Finding(
                code="truncated",
                severity="warning",
                message="the file ends before its header says",
                fix="Check that it was copied or uploaded whole.",
            )
        if evidence.measurements is not None:
            yield from self._damaged(evidence.facts, evidence.measurements)
            yield from _not_a_number(evidence.measurements)

    def _damaged(self, facts: AudioFacts, measurements: Measurements) -> Iterable[Finding]:
        if facts.duration_s is None or facts.is_estimate or "truncated" in facts.notes:
            return
        allowed_s = facts.duration_s * (1.0 - self.missing_share) - 0.1
        if measurements.duration_s < allowed_s:
            yield Finding(
                code="damaged",
                severity="warning",
                message=(
                    f"only {measurements.duration_s:.1f} s of the "
                    f"{facts.duration_s:.1f} s that the header promises could be decoded"
                ),
                measured=measurements.duration_s,
                allowed=facts.duration_s,
                unit="s",
                fix="Check the file; what follows the damage will not be heard.",
                marks=((measurements.duration_s, facts.duration_s),),
            )


def _holes(facts: AudioFacts) -> Iterable[Finding]:
    if not facts.holes:
        return
    missing_s = sum(hole.duration_s for hole in facts.holes)
    first = facts.holes[0]
    yield Finding(
        code="hole",
        severity="warning",
        message=(
            f"{missing_s:.1f} s are missing by the file's time stamps, first at "
            f"{first.start_s:.1f} s; silence stands there"
        ),
        measured=missing_s,
        allowed=0.0,
        unit="s",
        fix="A pause in recording or lost packets: what was said then was not recorded.",
        marks=tuple(
            (hole.start_s, hole.start_s + hole.duration_s) for hole in facts.holes[:MAX_MARKS]
        ),
    )


def _not_taken(facts: AudioFacts, context: ValidationContext) -> Iterable[Finding]:
    taken = None if context.capabilities is None else context.capabilities.audio_input
    if taken is None or any(rule.accepts(facts.format) for rule in taken.formats):
        return
    names = sorted({rule.container for rule in taken.formats})
    yield Finding(
        code="format_not_taken",
        severity="error",
        message=f"the model does not take {facts.format}",
        fix=f"Convert it to one of: {', '.join(names)}.",
    )


def _not_a_number(measurements: Measurements) -> Iterable[Finding]:
    if measurements.nonfinite_samples:
        yield Finding(
            code="not_a_number",
            severity="warning",
            message=f"{measurements.nonfinite_samples} samples are not numbers",
            measured=float(measurements.nonfinite_samples),
            allowed=0.0,
            unit="samples",
            fix="They count as silence; check the program that wrote the file.",
        )
