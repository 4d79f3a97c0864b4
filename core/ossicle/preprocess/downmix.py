"""Fewer channels, or as many as are wanted, without a change of level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.signal.mix import downmix

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements


class Downmix(Preprocessor):
    """Mixes to one or two channels; see `ossicle.signal.mix` for the shares.

    Args:
        channels: 1 or 2.
    """

    name = "downmix"

    def __init__(self, *, channels: int = 1) -> None:
        self.channels = channels

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform without memory."""
        return _Mixing(sample_rate=sample_rate, channels=self.channels)


class _Mixing(BlockTransform):
    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels

    def process(self, block: Samples) -> Samples:
        return downmix(block, self.channels)

    def finish(self) -> Samples:
        return np.zeros((0, self.channels), np.float32)
