"""Taking out what lies below speech: offset, rumble, handling noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.signal.filters import HighPass

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements


class HighPassFilter(Preprocessor):
    """A second-order Butterworth high-pass.

    Args:
        cutoff_hz: Where it is at −3 dB; speech has nothing to lose below 80 Hz.
    """

    name = "high_pass"

    def __init__(self, *, cutoff_hz: float = 80.0) -> None:
        self.cutoff_hz = cutoff_hz

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform that holds back less than one inner block of the filter."""
        return _Filtering(
            HighPass(cutoff_hz=self.cutoff_hz, sample_rate=sample_rate, channels=channels)
        )


class _Filtering(BlockTransform):
    def __init__(self, filtering: HighPass) -> None:
        self._filter = filtering
        self.sample_rate, self.channels = filtering.sample_rate, filtering.channels
        self.latency_frames = filtering.latency_frames

    def process(self, block: Samples) -> Samples:
        return self._filter.process(block)

    def finish(self) -> Samples:
        return self._filter.flush()
