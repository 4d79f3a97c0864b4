"""Whether pieces of the recording are missing."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding


class DropoutValidator(Validator):
    """Warns of zeros that cut into audio, as lost network packets leave them."""

    name = "dropout"

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`dropout`, a warning."""
        measurements = evidence.measurements
        if measurements is None or not measurements.dropout_marks:
            return []
        marks = measurements.dropout_marks
        lost_s = sum(end - start for start, end in marks)
        return [
            Finding(
                code="dropout",
                severity="warning",
                message=f"{len(marks)} gaps cut into the audio, {lost_s:.2f} s in all",
                measured=lost_s,
                allowed=0.0,
                unit="s",
                fix="Check the connection or the program that recorded it.",
                marks=marks,
            )
        ]
