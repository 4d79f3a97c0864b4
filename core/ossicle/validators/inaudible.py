"""Whether the audio holds what a listener cannot hear but a model might."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding
from ossicle.signal.meters import Measurements
from ossicle.validators.thresholds import check_rising

MIN_HIGH_DBFS = -75.0
"""Quieter than this, what lies above 16 kHz cannot carry a command through any microphone."""

MAX_HIGH_EXCESS_DB = 6.0
"""Natural audio is thinner above 16 kHz than from 12 to 16 kHz; white noise is as dense."""

MAX_LOW_SHARE = 0.5
"""A deep voice alone shows up to a tenth of its energy below 50 Hz."""


class InaudibleValidator(Validator):
    """Warns of energy above 16 kHz or below 50 Hz that ordinary audio does not have.

    Args:
        min_high_dbfs: Level above 16 kHz under which it does not matter.
        max_high_excess_db: How much denser it may be than from 12 to 16 kHz.
        max_low_share: Share of the energy that may lie below 50 Hz, 0 to 1.

    Source: Zhang et al., "DolphinAttack: inaudible voice commands", CCS 2017; Xia et al., "Near-
        ultrasound inaudible trojan (NUIT)", USENIX Security 2023.
    """

    name = "inaudible"

    def __init__(
        self,
        *,
        min_high_dbfs: float = MIN_HIGH_DBFS,
        max_high_excess_db: float = MAX_HIGH_EXCESS_DB,
        max_low_share: float = MAX_LOW_SHARE,
    ) -> None:
        check_rising({"min_high_dbfs": min_high_dbfs})
        check_rising({"max_high_excess_db": max_high_excess_db})
        check_rising({"the least": 0.0, "max_low_share": max_low_share, "the most": 1.0})
        self.min_high_dbfs = min_high_dbfs
        self.max_high_excess_db = max_high_excess_db
        self.max_low_share = max_low_share

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`ultrasound` and `infrasound`, warnings."""
        measurements = evidence.measurements
        if measurements is None:
            return
        if (
            measurements.high_dbfs > self.min_high_dbfs
            and measurements.high_excess_db > self.max_high_excess_db
        ):
            yield _ultrasound(measurements, self.max_high_excess_db)
        if measurements.silence_share < 1.0 and measurements.low_share > self.max_low_share:
            yield Finding(
                code="infrasound",
                severity="warning",
                message=(
                    f"{100 * measurements.low_share:.0f} % of the energy lies below 50 Hz, "
                    "where hardly anything can be heard"
                ),
                measured=100 * measurements.low_share,
                allowed=100 * self.max_low_share,
                unit="%",
                fix="Add high_pass to the preprocessors.",
            )


def _ultrasound(measurements: Measurements, allowed: float) -> Finding:
    return Finding(
        code="ultrasound",
        severity="warning",
        message=(
            f"there is {measurements.high_dbfs:.0f} dBFS above 16 kHz, "
            f"{measurements.high_excess_db:.0f} dB denser than below: hidden from the ear"
        ),
        measured=measurements.high_excess_db,
        allowed=allowed,
        unit="dB",
        fix="Resample to 16 or 24 kHz, which takes it out, and ask where the recording comes from.",
    )
