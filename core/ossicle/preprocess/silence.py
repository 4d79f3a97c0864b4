"""Cutting off the silence before the first sound and after the last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.errors import ConfigurationError

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements


class TrimSilence(Preprocessor):
    """Cuts leading and trailing silence, never anything that sounds.

    Silence is what the meter calls so: below −60 dBFS, and no speech, which the meter still hears
    when it is quieter. A stream of nothing but silence is left as it is, for the validators to
    name.

    Args:
        guard_s: Seconds of silence that stay on each side; recognisers hear a first word better
            with a little before it.
    """

    name = "trim_silence"
    needs_measurements = True

    def __init__(self, *, guard_s: float = 0.2) -> None:
        if not 0.0 <= guard_s < math.inf:
            raise ConfigurationError(f"guard_s of {guard_s} is impossible", fix="Give seconds.")
        self.guard_s = guard_s

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform that keeps one stretch of frames.

        Raises:
            ConfigurationError: The stream was not measured.
        """
        if measurements is None:
            raise ConfigurationError(
                "silence cannot be cut from a stream that was not measured",
                fix="Measure it first with ossicle.signal.meters.Meter.",
            )
        frames = measurements.frames
        lead_s, trail_s = _silent_ends(measurements)
        first, last = 0, frames
        if lead_s < measurements.duration_s:
            lead = math.floor((lead_s - self.guard_s) * sample_rate)
            trail = math.floor((trail_s - self.guard_s) * sample_rate)
            first, last = max(0, lead), frames - max(0, trail)
        return _Cutting(sample_rate, channels, first=first, last=last)


def _silent_ends(measurements: Measurements) -> tuple[float, float]:
    """Seconds at both ends that hold neither sound nor quiet speech."""
    lead_s, trail_s = measurements.leading_silence_s, measurements.trailing_silence_s
    if measurements.speech_marks:
        lead_s = min(lead_s, measurements.speech_marks[0][0])
        trail_s = min(trail_s, max(0.0, measurements.duration_s - measurements.speech_marks[-1][1]))
    return lead_s, trail_s


class _Cutting(BlockTransform):
    def __init__(self, sample_rate: int, channels: int, *, first: int, last: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self._first, self._last = first, last
        self._position = self._kept = 0

    def process(self, block: Samples) -> Samples:
        start = min(max(self._first - self._position, 0), len(block))
        stop = min(max(self._last - self._position, start), len(block))
        self._position += len(block)
        self._kept += stop - start
        return block[start:stop]

    def finish(self) -> Samples:
        return np.zeros((0, self.channels), np.float32)

    def effect(self) -> Mapping[str, float]:
        return {"trimmed_s": (self._position - self._kept) / self.sample_rate}
