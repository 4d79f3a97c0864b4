"""Everything there is to know of a clip, from one pass over its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ossicle.abc import AudioEvidence, ValidationContext
from ossicle.intake import IntakeLimits, decode
from ossicle.signal import Measurements, Meter
from ossicle.validators import judge
from ossicle_cli.charts.model import CloseUp, Drawing, draw
from ossicle_cli.progress import Advance
from ossicle_cli.tables import clock, megabytes

if TYPE_CHECKING:
    from ossicle.audio import AudioClip
    from ossicle.messages import Finding
    from ossicle.plugins import PluginHost

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inspection:
    """What was found out about a clip.

    Attributes:
        clip: The clip.
        measurements: Of its samples.
        findings: Of all validators, worst first.
        drawing: What can be drawn of it.
    """

    clip: AudioClip
    measurements: Measurements
    findings: tuple[Finding, ...]
    drawing: Drawing

    def facts(self) -> list[tuple[str, str]]:
        """What the header says, for people."""
        facts = self.clip.facts
        depth = "" if facts.bit_depth is None else f", {facts.bit_depth} bit"
        rows = [
            ("format", f"{facts.format}{depth}"),
            ("encoding", f"{facts.format.container}/{facts.format.encoding}"),
            ("length", f"{self.measurements.duration_s:.3f} s, {self.measurements.frames} frames"),
            ("size", f"{megabytes(facts.n_bytes)} ({facts.n_bytes} bytes)"),
        ]
        if self.measurements.duration_s > 0:
            kilobits = facts.n_bytes * 8 / self.measurements.duration_s / 1000
            rows.append(("bit rate", f"{kilobits:.0f} kbit/s"))
        if facts.start_s:
            rows.append(("begins", f"{facts.start_s:.3f} s into the file"))
        if len(facts.tracks) > 1:
            for track in facts.tracks:
                about = ", ".join(filter(None, (str(track.format), track.language, track.name)))
                mark = " (this one)" if track.number == facts.track else ""
                rows.append((f"track {track.number}", about + mark))
        if facts.notes:
            rows.append(("oddities", ", ".join(note.replace("_", " ") for note in facts.notes)))
        return rows

    def figures(self) -> list[tuple[str, str]]:
        """What was measured, for people."""
        found = self.measurements
        snr = "no speech" if found.snr_db is None else f"{found.snr_db:.1f} dB"
        rows = [
            ("loudness", _level(found.loudness_lufs, "LUFS")),
            ("peak", _level(found.peak_dbfs, "dBFS")),
            ("true peak", _level(found.true_peak_dbtp, "dBTP")),
            ("RMS", _level(found.rms_dbfs, "dBFS")),
            ("speech", f"{found.speech_s:.2f} s, {found.speech_share:.0%}"),
            ("speech to noise", snr),
            ("noise floor", _level(found.noise_floor_dbfs, "dBFS")),
            ("silence", f"{found.silence_share:.0%}, {found.leading_silence_s:.2f} s before, "
             f"{found.trailing_silence_s:.2f} s after"),
            ("clipping", f"{found.clipped_samples} samples in {found.clipped_runs} runs"),
            ("bandwidth", f"{found.bandwidth_hz / 1000:.1f} kHz"),
            ("DC offset", f"{found.dc_offset:+.4f}"),
        ]  # fmt: skip
        if found.dead_channels:
            dead = ", ".join(str(channel + 1) for channel in found.dead_channels)
            rows.append(("dead channels", dead))
        return rows

    def subtitle(self) -> str:
        """The most telling figures in one line."""
        found = self.measurements
        parts = [str(self.clip.format), _length(found.duration_s),
                 _level(found.loudness_lufs, "LUFS"), f"peak {_level(found.peak_dbfs, 'dBFS')}",
                 f"speech {found.speech_share:.0%}"]  # fmt: skip
        return "  ·  ".join(parts)

    def document(self) -> dict[str, Any]:
        """The same for programs."""
        facts, found = self.clip.facts, self.measurements
        return {
            "facts": {
                "format": facts.format.name,
                "container": facts.format.container,
                "encoding": facts.format.encoding,
                "sample_rate": facts.format.sample_rate,
                "channels": facts.format.channels,
                "bit_depth": facts.bit_depth,
                "duration_s": facts.duration_s,
                "frames": facts.frames,
                "n_bytes": facts.n_bytes,
                "digest": self.clip.digest,
                "notes": facts.notes,
                "start_s": facts.start_s,
                "holes": [[hole.start_s, hole.duration_s] for hole in facts.holes],
                "track": facts.track,
                "tracks": [
                    {
                        "number": track.number,
                        "format": str(track.format),
                        "start_s": track.start_s,
                        "language": track.language,
                        "name": track.name,
                    }
                    for track in facts.tracks
                ],
            },
            "measurements": found.figures(),
            "marks": {lane.name: lane.marks for lane in self.drawing.lanes},
            "findings": self.findings,
        }


def inspect_clip(
    clip: AudioClip, host: PluginHost, *, limits: IntakeLimits, advance: Advance
) -> Inspection:
    """Decode, measure and judge a clip in one pass.

    Args:
        clip: What to look at.
        host: Whose converters and validators are used.
        limits: For decoding.
        advance: Told how many seconds are done.

    Raises:
        AudioLimitError: It decodes to more than the limits allow.
        MalformedAudioError: It does not decode.
    """
    with decode(clip, limits=limits, converters=host.converters()) as stream:
        meter = Meter(stream.sample_rate, stream.channels)
        close_up = CloseUp(sample_rate=stream.sample_rate, channels=stream.channels)
        for block in stream:
            meter.add(block)
            close_up.add(block)
            advance(len(block) / stream.sample_rate)
    measurements = meter.result()
    facts = clip.facts.with_holes(stream.holes)
    evidence = AudioEvidence(facts=facts, measurements=measurements)
    context = ValidationContext()
    findings = sorted(
        (found for spec in host.validators() for found in judge(spec, evidence, context)),
        key=lambda found: _ORDER[found.severity],
    )
    return Inspection(
        clip=clip,
        measurements=measurements,
        findings=tuple(findings),
        drawing=draw(measurements, close_up, findings),
    )


def _length(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 60 else clock(seconds)


def _level(value: float, unit: str) -> str:
    return f"{value:.1f} {unit}" if value > float("-inf") else f"-∞ {unit}"
