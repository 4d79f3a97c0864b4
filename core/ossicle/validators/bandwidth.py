"""Whether the speech has the frequencies that its sample rate makes one expect."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding
from ossicle.validators.thresholds import check_rising

TELEPHONE_HZ = 4300.0
"""Telephony ends at 3.4 kHz by ITU-T G.712, and at 4 kHz by its sample rate."""

_WIDE_SAMPLE_RATE = 12_000


class BandwidthValidator(Validator):
    """Warns of telephone-band speech behind a higher sample rate.

    It is recognised worse than it could be, costs more bytes than it holds, and often means that
    a better source exists.

    Args:
        min_bandwidth_hz: What speech at 12 kHz of sample rate and more should reach.
    """

    name = "bandwidth"

    def __init__(self, *, min_bandwidth_hz: float = TELEPHONE_HZ) -> None:
        check_rising({"the least": 0.0, "min_bandwidth_hz": min_bandwidth_hz})
        self.min_bandwidth_hz = min_bandwidth_hz

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`narrow_band`, a warning."""
        measurements = evidence.measurements
        if (
            measurements is None
            or measurements.speech_s == 0.0
            or measurements.sample_rate < _WIDE_SAMPLE_RATE
            or measurements.bandwidth_hz >= self.min_bandwidth_hz
        ):
            return []
        return [
            Finding(
                code="narrow_band",
                severity="warning",
                message=(
                    f"the speech ends at {measurements.bandwidth_hz:.0f} Hz, "
                    f"far below what {measurements.sample_rate} Hz can hold"
                ),
                measured=measurements.bandwidth_hz,
                allowed=self.min_bandwidth_hz,
                unit="Hz",
                fix="Use the recording before it went through a telephone or a narrow codec.",
            )
        ]
