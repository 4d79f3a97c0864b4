"""Whether the speech is loud enough to be heard, and not too loud."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding, Severity
from ossicle.signal.meters import Measurements
from ossicle.validators.thresholds import check_rising

MIN_SPEECH_DBFS = -48.0
"""Below this, speech has some 40 dB to the rounding of 16 bits left, and less to most rooms."""

LOST_SPEECH_DBFS = -66.0
"""Below this, speech is no louder than the noise of a good microphone."""

MAX_LOUDNESS_LUFS = -6.0
"""No undistorted speech is this loud; the loudest music is."""


class LevelValidator(Validator):
    """Warns of speech that is too quiet or too loud, refuses what is too quiet to be heard.

    Args:
        lost_dbfs: Mean level of speech under which it is refused.
        min_dbfs: Mean level of speech under which a warning is given.
        max_lufs: Loudness over which a warning is given.
    """

    name = "level"

    def __init__(
        self,
        *,
        lost_dbfs: float = LOST_SPEECH_DBFS,
        min_dbfs: float = MIN_SPEECH_DBFS,
        max_lufs: float = MAX_LOUDNESS_LUFS,
    ) -> None:
        check_rising({"lost_dbfs": lost_dbfs, "min_dbfs": min_dbfs, "max_lufs": max_lufs})
        self.lost_dbfs = lost_dbfs
        self.min_dbfs = min_dbfs
        self.max_lufs = max_lufs

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`too_quiet` (warning or error) and `too_loud` (warning)."""
        measurements = evidence.measurements
        if measurements is None:
            return
        # Without speech there is no level to judge; the silence validator says so.
        if measurements.speech_s > 0.0 and measurements.speech_level_dbfs < self.min_dbfs:
            yield self._too_quiet(measurements)
        if measurements.loudness_lufs > self.max_lufs:
            yield Finding(
                code="too_loud",
                severity="warning",
                message=f"the audio is very loud: {measurements.loudness_lufs:.1f} LUFS",
                measured=measurements.loudness_lufs,
                allowed=self.max_lufs,
                unit="LUFS",
                fix="Lower the gain of the microphone; it is probably distorted.",
            )

    def _too_quiet(self, measurements: Measurements) -> Finding:
        level_dbfs = measurements.speech_level_dbfs
        is_lost = level_dbfs < self.lost_dbfs
        severity: Severity = "error" if is_lost else "warning"
        return Finding(
            code="too_quiet",
            severity=severity,
            message=f"the speech is very quiet: {level_dbfs:.0f} dBFS on average",
            measured=level_dbfs,
            allowed=self.lost_dbfs if is_lost else self.min_dbfs,
            unit="dBFS",
            fix="Move closer to the microphone, or add loudness to the preprocessors.",
        )
