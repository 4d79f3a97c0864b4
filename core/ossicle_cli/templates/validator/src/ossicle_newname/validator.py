"""Finds speech that reaches the edge of a recording: somebody's first or last word is missing."""

from __future__ import annotations

from collections.abc import Iterator

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.messages import Finding


class NewnameValidator(Validator):
    """Warns when speech is cut off at the start or the end of a recording.

    Args:
        min_pause_s: How long nobody may speak, at least, before and after the speech.
    """

    name = "newname"

    def __init__(self, *, min_pause_s: float = 0.04) -> None:
        self.min_pause_s = min_pause_s

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterator[Finding]:
        """A warning for each edge that speech reaches."""
        measured = evidence.measurements
        if measured is None or not measured.speech_marks:
            return  # nobody decoded it, or nobody speaks
        pauses_s = {
            "start": measured.speech_marks[0][0],
            "end": max(0.0, measured.duration_s - measured.speech_marks[-1][1]),
        }
        for edge, pause_s in pauses_s.items():
            if pause_s < self.min_pause_s:
                yield Finding(
                    code=f"newname_{edge}",
                    severity="warning",
                    message=f"the speech is {pause_s:.2f} s from the {edge} of the recording",
                    measured=pause_s,
                    allowed=self.min_pause_s,
                    unit="s",
                    fix=f"Record a little longer: a word may be cut off at the {edge}.",
                )
