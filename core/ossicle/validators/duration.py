"""Whether there is enough audio, and not too much."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, AudioInput, ValidationContext, Validator
from ossicle.messages import Finding
from ossicle.validators.thresholds import check_rising

MIN_DURATION_S = 0.1
"""No word is shorter, and OpenAI refuses less ("Input audio is too short. Provide at least 0.1
seconds.", read 2026-11)."""


class DurationValidator(Validator):
    """Refuses audio that is empty, too short, or longer than the model takes.

    Args:
        min_duration_s: In seconds; a model that asks for more prevails.
    """

    name = "duration"

    def __init__(self, *, min_duration_s: float = MIN_DURATION_S) -> None:
        check_rising({"the least": 0.0, "min_duration_s": min_duration_s})
        self.min_duration_s = min_duration_s

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`empty`, `too_short` or `too_long`, all errors."""
        measurements = evidence.measurements
        duration_s = evidence.facts.duration_s if measurements is None else measurements.duration_s
        if duration_s is None:
            return []
        taken = None if context.capabilities is None else context.capabilities.audio_input
        if duration_s == 0.0:
            return [_empty(self.min_duration_s)]
        return [*self._too_short(duration_s, taken), *_too_long(duration_s, taken)]

    def _too_short(self, duration_s: float, taken: AudioInput | None) -> Iterable[Finding]:
        allowed = self.min_duration_s
        if taken is not None and taken.min_duration_s is not None:
            allowed = max(allowed, taken.min_duration_s)
        if duration_s < allowed:
            yield Finding(
                code="too_short",
                severity="error",
                message=f"{duration_s:.3f} s of audio is too short to hold a word",
                measured=duration_s,
                allowed=allowed,
                unit="s",
                fix=f"Give at least {allowed:g} s; check that the recording was not cut off.",
            )


def _empty(allowed: float) -> Finding:
    return Finding(
        code="empty",
        severity="error",
        message="the audio has no samples",
        measured=0.0,
        allowed=allowed,
        unit="s",
        fix="Check that the recording was started and saved whole.",
    )


def _too_long(duration_s: float, taken: AudioInput | None) -> Iterable[Finding]:
    if taken is None or taken.max_duration_s is None or duration_s <= taken.max_duration_s:
        return
    yield Finding(
        code="too_long",
        severity="error",
        message=f"{duration_s:.1f} s of audio is longer than the model takes",
        measured=duration_s,
        allowed=taken.max_duration_s,
        unit="s",
        fix=f"Cut it into pieces of at most {taken.max_duration_s:g} s.",
    )
