"""Another sample rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.signal.resample import Resampler

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements


class ResampleTo(Preprocessor):
    """Resamples with soxr HQ; a stream that has the rate already passes unchanged.

    Args:
        sample_rate: In Hz.
    """

    name = "resample"

    def __init__(self, *, sample_rate: int = 24000) -> None:
        self.sample_rate = sample_rate

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform that holds back the filter's delay."""
        return _Resampling(self.sample_rate, sample_rate_in=sample_rate, channels=channels)


class _Resampling(BlockTransform):
    def __init__(self, sample_rate: int, *, sample_rate_in: int, channels: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self._resampler = Resampler(
            sample_rate_in=sample_rate_in, sample_rate_out=sample_rate, channels=channels
        )
        # soxr gives what it has when it has a piece together; a piece is well below half a second.
        self.latency_frames = 0 if sample_rate == sample_rate_in else sample_rate // 2

    def process(self, block: Samples) -> Samples:
        return self._resampler.process(block)

    def finish(self) -> Samples:
        return self._resampler.flush()
