"""Whether the wave is centred on zero."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding
from ossicle.validators.thresholds import check_rising

MAX_OFFSET = 0.01
"""One percent of full scale, −40 dBFS: well above what analogue converters leave."""


class DcOffsetValidator(Validator):
    """Warns of a constant offset, which costs headroom and clicks where audio is cut.

    Args:
        max_offset: As a share of full scale, 0 to 1.
    """

    name = "dc_offset"

    def __init__(self, *, max_offset: float = MAX_OFFSET) -> None:
        check_rising({"the least": 0.0, "max_offset": max_offset})
        self.max_offset = max_offset

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`dc_offset`, a warning."""
        measurements = evidence.measurements
        if measurements is None or abs(measurements.dc_offset) <= self.max_offset:
            return []
        return [
            Finding(
                code="dc_offset",
                severity="warning",
                message=f"the wave is off centre by {100 * measurements.dc_offset:.1f} %",
                measured=100 * abs(measurements.dc_offset),
                allowed=100 * self.max_offset,
                unit="%",
                fix="Add high_pass to the preprocessors.",
            )
        ]
