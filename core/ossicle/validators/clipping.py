"""Whether the recording was driven beyond full scale."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding, Severity
from ossicle.validators.thresholds import check_rising

SOME_SHARE = 0.0005
"""Speech driven 3 dB over full scale clips 0.05 to 0.5 % of its samples (measured, 20 voices)."""

EXTREME_SHARE = 0.1
"""Speech driven 14 dB over full scale clips about a tenth of its samples, at 20 dB a quarter."""


class ClippingValidator(Validator):
    """Warns of clipping, and refuses it when little of the voice can be left.

    Shares are taken of the time that is not silent, so that pauses do not dilute them.

    Args:
        some_share: Share from which a warning is given, 0 to 1.
        extreme_share: Share from which the audio is refused, 0 to 1.
    """

    name = "clipping"

    def __init__(
        self, *, some_share: float = SOME_SHARE, extreme_share: float = EXTREME_SHARE
    ) -> None:
        check_rising({"the least": 0.0, "some_share": some_share, "extreme_share": extreme_share})
        self.some_share = some_share
        self.extreme_share = extreme_share

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`clipping`: an error when extreme, else a warning."""
        measurements = evidence.measurements
        if measurements is None or not measurements.clipped_runs:
            return []
        sounding = max(1.0 - measurements.silence_share, 1e-9)
        share = min(1.0, measurements.clipped_share / sounding)
        if share < self.some_share:
            return []
        is_extreme = share >= self.extreme_share
        severity: Severity = "error" if is_extreme else "warning"
        return [
            Finding(
                code="clipping",
                severity=severity,
                message=(
                    f"{100 * share:.2g} % of the samples are clipped, "
                    f"in {measurements.clipped_runs} places"
                ),
                measured=100 * share,
                allowed=100 * (self.extreme_share if is_extreme else self.some_share),
                unit="%",
                fix="Lower the gain of the microphone and record again; clipping cannot be undone.",
                marks=measurements.clipping_marks,
            )
        ]
