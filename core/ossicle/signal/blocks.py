"""Cutting a stream into blocks of one fixed length, however it arrives.

Arithmetic on blocks of one length gives the same bits for any split of the input: matrix products
round differently for different shapes, so this is what "chunked equals whole" stands on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Shape `(frames, channels)`, full scale is ±1.0."""


class Reblocker:
    """Turns blocks of any length into blocks of exactly `frames` frames.

    Args:
        frames: Length of what comes out, at least 1.
        channels: Of what goes in and comes out.
    """

    __slots__ = ("_filled", "_rest", "channels", "frames")

    def __init__(self, *, frames: int, channels: int) -> None:
        self.frames = frames
        self.channels = channels
        self._rest: Samples = np.zeros((frames, channels), np.float32)
        self._filled = 0

    @property
    def rest(self) -> Samples:
        """What is left over: fewer than `frames` frames, a view valid until the next `push`."""
        return self._rest[: self._filled]

    def push(self, block: Samples) -> Iterator[Samples]:
        """Yield whole blocks; to be consumed to the end, each block before the next.

        What is yielded may be a view of the input or of an inner buffer: read it, don't keep it.
        """
        start = 0
        if self._filled:
            start = min(self.frames - self._filled, len(block))
            self._rest[self._filled : self._filled + start] = block[:start]
            self._filled += start
            if self._filled < self.frames:
                return
            self._filled = 0
            yield self._rest
        whole = start + (len(block) - start) // self.frames * self.frames
        for position in range(start, whole, self.frames):
            yield block[position : position + self.frames]
        self._filled = len(block) - whole
        self._rest[: self._filled] = block[whole:]


def finite(block: Samples) -> Samples:
    """The block itself if all its samples are numbers, else a copy where the others are 0.

    One `nan` inside a recursive filter would silence everything after it.
    """
    if np.isfinite(block).all():
        return block
    return np.where(np.isfinite(block), block, np.float32(0.0))
