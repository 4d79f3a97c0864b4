"""Fewer channels, or as many as are wanted, without a change of level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.signal.mix import Cancellation, downmix

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements


class Downmix(Preprocessor):
    """Mixes to one or two channels; see `ossicle.signal.mix` for the shares.

    Args:
        channels: 1 or 2.
        cancelled: Channels of the stream that take each other away: the loudest is taken as mono.
    """

    name = "downmix"

    def __init__(self, *, channels: int = 1, cancelled: Cancellation | None = None) -> None:
        self.channels, self.cancelled = channels, cancelled

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform without memory."""
        return _Mixing(sample_rate=sample_rate, channels=self.channels, cancelled=self.cancelled)


class _Mixing(BlockTransform):
    def __init__(self, *, sample_rate: int, channels: int, cancelled: Cancellation | None) -> None:
        self.sample_rate, self.channels, self._cancelled = sample_rate, channels, cancelled

    def process(self, block: Samples) -> Samples:
        if self._cancelled is not None and self.channels == 1:
            return block[:, self._cancelled.channel : self._cancelled.channel + 1].copy()
        return downmix(block, self.channels)

    def effect(self) -> Mapping[str, float]:
        """Which channel was taken instead of a mix, from 1, and why; else nothing."""
        found = self._cancelled
        if found is None or self.channels != 1:
            return {}
        return {
            "taken_channel": found.channel + 1.0,
            "loss_avoided_db": found.loss_db,
            "correlation": found.correlation,
        }

    def finish(self) -> Samples:
        return np.zeros((0, self.channels), np.float32)
