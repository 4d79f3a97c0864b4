"""Whether every channel holds something."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding


class DeadChannelValidator(Validator):
    """Warns of channels that hold nothing while others do: a mono mix loses level by them."""

    name = "dead_channel"

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`dead_channel`, a warning; channels are counted from 1, as on a mixing desk."""
        measurements = evidence.measurements
        if measurements is None or not measurements.dead_channels:
            return []
        dead = [str(index + 1) for index in measurements.dead_channels]
        return [
            Finding(
                code="dead_channel",
                severity="warning",
                message=(f"channel {', '.join(dead)} of {measurements.channels} holds nothing"),
                measured=float(len(dead)),
                allowed=0.0,
                unit="channels",
                fix="Check the cable, or send the channels that sound alone.",
            )
        ]
