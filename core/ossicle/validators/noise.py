"""Whether the speech stands out from the noise around it."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding
from ossicle.validators.thresholds import check_rising

MIN_SNR_DB = 6.0
"""Under this, the power of the noise is a quarter of the speech's, and words drown in it."""


class NoiseValidator(Validator):
    """Warns of speech that hardly stands out from its background.

    Args:
        min_snr_db: Distance of the speech to the background.
    """

    name = "noise"

    def __init__(self, *, min_snr_db: float = MIN_SNR_DB) -> None:
        check_rising({"min_snr_db": min_snr_db})
        self.min_snr_db = min_snr_db

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`noisy`, a warning."""
        measurements = evidence.measurements
        if (
            measurements is None
            or measurements.snr_db is None
            or measurements.snr_db >= self.min_snr_db
        ):
            return []
        return [
            Finding(
                code="noisy",
                severity="warning",
                message=f"the speech is only {measurements.snr_db:.0f} dB above the noise",
                measured=measurements.snr_db,
                allowed=self.min_snr_db,
                unit="dB",
                fix="Move closer to the microphone, or away from the noise.",
            )
        ]
