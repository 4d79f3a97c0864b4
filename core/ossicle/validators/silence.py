"""Whether somebody speaks."""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.abc import AudioEvidence, ValidationContext, Validator
from ossicle.audio import AudioFacts
from ossicle.messages import Finding, Severity
from ossicle.signal.levels import SILENCE_DBFS
from ossicle.signal.meters import Measurements
from ossicle.signal.runs import MAX_MARKS
from ossicle.validators.thresholds import check_rising

_SURE_S = 0.4


class SilenceValidator(Validator):
    """Refuses silence, and audio without speech.

    Speech models invent words when there are none, and the call is billed all the same.

    Args:
        min_speech_s: Less speech than this counts as none.
        long_silence_s: Silence of this length at an end is worth a hint.
        no_speech: How bad audio without speech is; `warning` for models that also listen to
            music or noises.

    Source: Koenecke et al., "Careless Whisper: speech-to-text hallucination harms", FAccT 2024;
        users of chat models report the same ("The quick brown fox…" heard in silence).
    """

    name = "silence"

    def __init__(
        self,
        *,
        min_speech_s: float = 0.05,
        long_silence_s: float = 2.0,
        no_speech: Severity = "error",
    ) -> None:
        check_rising({"the least": 0.0, "min_speech_s": min_speech_s})
        check_rising({"the least": 0.0, "long_silence_s": long_silence_s})
        self.min_speech_s = min_speech_s
        self.long_silence_s = long_silence_s
        self.no_speech: Severity = no_speech

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`silence` and `no_speech` (errors), `long_silence` (info)."""
        measurements = evidence.measurements
        # Without samples there is nothing to hear; the duration validator says so.
        if measurements is None or not measurements.frames:
            return []
        if measurements.silence_share == 1.0 and measurements.speech_s < self.min_speech_s:
            return [_silent(measurements, evidence.facts)]
        if measurements.speech_s < self.min_speech_s:
            return [self._no_speech(measurements, evidence.facts)]
        return self._long_silence(measurements)

    def _no_speech(self, measurements: Measurements, facts: AudioFacts) -> Finding:
        # A word or two spoken alone are too little to be sure about.
        is_sure = measurements.duration_s >= _SURE_S
        severity: Severity = "warning"
        if is_sure:
            severity = self.no_speech
        return Finding(
            code="no_speech",
            severity=severity,
            message=(
                f"no speech was found in {measurements.duration_s:.1f} s of audio at "
                f"{measurements.rms_dbfs:.0f} dBFS{_other_tracks(facts)}"
            ),
            measured=measurements.speech_s,
            allowed=self.min_speech_s,
            unit="s",
            fix=_track_fix(facts)
            + "Check the microphone and the noise around it; models invent words for noise.",
        )

    def _long_silence(self, measurements: Measurements) -> list[Finding]:
        ends = (measurements.leading_silence_s, measurements.trailing_silence_s)
        longest = max(ends)
        if longest < self.long_silence_s:
            return []
        marks = []
        if ends[0] >= self.long_silence_s:
            marks.append((0.0, ends[0]))
        if ends[1] >= self.long_silence_s:
            marks.append((measurements.duration_s - ends[1], measurements.duration_s))
        return [
            Finding(
                code="long_silence",
                severity="info",
                message=f"{sum(ends):.1f} s at the ends are silent, and paid for",
                measured=longest,
                allowed=self.long_silence_s,
                unit="s",
                fix="Add trim_silence to the preprocessors.",
                marks=tuple(marks),
            )
        ]


def _other_tracks(facts: AudioFacts) -> str:
    """That speech may be in another track, as screen recorders and dubbed films have it."""
    more = len(facts.tracks) - 1
    if more < 1:
        return ""
    return f"; the file has {more} more audio track{'s' if more > 1 else ''}"


def _track_fix(facts: AudioFacts) -> str:
    if len(facts.tracks) < 2:
        return ""
    other = 2 if facts.track == 1 else 1
    return f"Name another track: AudioClip.from_path(path, track={other}), or --track {other}. "


def _silent(measurements: Measurements, facts: AudioFacts) -> Finding:
    is_digital = measurements.peak_dbfs == float("-inf")
    level = "digital silence" if is_digital else f"at most {measurements.peak_dbfs:.0f} dBFS"
    return Finding(
        code="silence",
        severity="error",
        message=f"the audio is silent: {level} for {measurements.duration_s:.1f} s"
        + _other_tracks(facts),
        measured=measurements.rms_dbfs,
        allowed=SILENCE_DBFS,
        unit="dBFS",
        fix=_track_fix(facts)
        + "Check that the right microphone was chosen, and that it was not muted.",
        marks=measurements.silence_marks[:MAX_MARKS],
    )
