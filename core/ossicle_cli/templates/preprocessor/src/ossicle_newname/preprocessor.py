"""Fades a stream in and out, so that it does not click where it was cut."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from ossicle.abc import BlockTransform, Preprocessor
from ossicle.signal import Measurements

Samples = NDArray[np.float32]
"""Shape `(frames, channels)`, full scale is ±1.0."""


class NewnamePreprocessor(Preprocessor):
    """Fades the first and the last moment of a stream.

    Args:
        fade_s: How long each fade is.
    """

    name = "newname"

    def __init__(self, *, fade_s: float = 0.01) -> None:
        self.fade_s = fade_s

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A transform that holds back one fade, because nobody knows yet where the end is."""
        return _Fading(sample_rate, channels, frames=max(1, round(self.fade_s * sample_rate)))


class _Fading(BlockTransform):
    def __init__(self, sample_rate: int, channels: int, *, frames: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self.latency_frames = frames
        self._held: Samples = np.zeros((0, channels), np.float32)
        self._frames_out = 0

    def process(self, block: Samples) -> Samples:
        waiting = np.concatenate([self._held, block])
        ready = max(0, len(waiting) - self.latency_frames)
        self._held = waiting[ready:]
        return self._faded_in(waiting[:ready])

    def finish(self) -> Samples:
        last = self._faded_in(self._held)
        frames_left = np.arange(len(last), 0, -1)
        return last * self._gain(frames_left)

    def effect(self) -> Mapping[str, float]:
        return {"fade_s": self.latency_frames / self.sample_rate}

    def _faded_in(self, block: Samples) -> Samples:
        frames_in = self._frames_out + np.arange(1, len(block) + 1)
        self._frames_out += len(block)
        return block * self._gain(frames_in)

    def _gain(self, distance: NDArray[np.int64]) -> Samples:
        """For frames at this distance from an edge, counted from 1; a column."""
        gain = np.minimum(1.0, distance / (self.latency_frames + 1))
        return gain.astype(np.float32).reshape(-1, 1)
