"""The outline of a sound: how high and low it goes in each column of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """One value for each column, all channels together.

    Attributes:
        minima: Lowest sample.
        maxima: Highest sample.
        rms: Root mean square.
    """

    minima: NDArray[np.float32]
    maxima: NDArray[np.float32]
    rms: NDArray[np.float32]


class OutlineMeter:
    """Draws the outline of a stream in one pass; the same, bit by bit, for any split.

    Args:
        column_frames: Frames in a column, at least 1; the last one may be shorter.
        channels: A count.
    """

    def __init__(self, *, column_frames: int, channels: int) -> None:
        self._size = column_frames
        self._rest: Samples = np.zeros((0, channels), np.float32)
        self._columns: list[Outline] = []

    def add(self, block: Samples) -> None:
        """Take a block of shape `(frames, channels)`; what is no number counts as 0."""
        samples = np.concatenate([self._rest, np.nan_to_num(block, posinf=0.0, neginf=0.0)])
        whole = len(samples) - len(samples) % self._size
        if whole:
            self._columns.append(_columns(samples[:whole], self._size))
        self._rest = samples[whole:]

    def result(self) -> Outline:
        """The outline so far; asking changes nothing."""
        parts = [*self._columns, *([_columns(self._rest, self._size)] if len(self._rest) else [])]
        empty = np.zeros(0, np.float32)
        return Outline(
            minima=np.concatenate([empty, *(part.minima for part in parts)]),
            maxima=np.concatenate([empty, *(part.maxima for part in parts)]),
            rms=np.concatenate([empty, *(part.rms for part in parts)]),
        )


def _columns(samples: Samples, size: int) -> Outline:
    starts = np.arange(0, len(samples), size)
    sizes = np.minimum(size, len(samples) - starts)
    power = np.add.reduceat(np.mean(np.square(samples), axis=1, dtype=np.float64), starts) / sizes
    return Outline(
        minima=np.minimum.reduceat(samples.min(axis=1), starts),
        maxima=np.maximum.reduceat(samples.max(axis=1), starts),
        rms=np.sqrt(power).astype(np.float32),
    )
