"""Whether the encoded audio is small enough for the model."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding


class SizeValidator(Validator):
    """Refuses audio of more bytes than the model takes."""

    name = "size"

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`too_large`, an error."""
        taken = None if context.capabilities is None else context.capabilities.audio_input
        if taken is None or taken.max_bytes is None:
            return []
        n_bytes = evidence.facts.n_bytes
        if n_bytes <= taken.max_bytes:
            return []
        return [
            Finding(
                code="too_large",
                severity="error",
                message=f"{n_bytes:,} bytes of audio are more than the model takes",
                measured=float(n_bytes),
                allowed=float(taken.max_bytes),
                unit="bytes",
                fix="Send it compressed (mp3 or opus), in mono, or in pieces.",
            )
        ]
