"""Another sample rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.signal.resampling import Resampler

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
        # soxr works in pieces; over all pairs of usual rates it holds back at most 1,730 input
        # frames when upsampling, and 1,500 output frames when downsampling.
        held_back = 2048 * max(sample_rate, sample_rate_in) // sample_rate_in
        self.latency_frames = 0 if sample_rate == sample_rate_in else held_back

    def process(self, block: Samples) -> Samples:
        return self._resampler.process(block)

    def finish(self) -> Samples:
        return self._resampler.flush()
