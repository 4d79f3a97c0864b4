"""The outline of a waveform, small enough to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.decibels import powers_to_db

MAX_COLUMNS = 2048


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelope:
    """The lowest and highest sample and the level over time, at most 2048 columns.

    Attributes:
        minima: float32, one for each column.
        maxima: float32, one for each column.
        levels_dbfs: RMS without offset, float32, one for each column; `-inf` for silence.
        column_s: Seconds in a column; the last one may be shorter.
    """

    minima: NDArray[np.float32]
    maxima: NDArray[np.float32]
    levels_dbfs: NDArray[np.float32]
    column_s: float


def envelope_of(
    minima: NDArray[np.float32],
    maxima: NDArray[np.float32],
    powers: NDArray[np.float32],
    *,
    step_s: float,
) -> Envelope:
    """The outline from figures of consecutive windows of `step_s` seconds."""
    per_column = max(1, -(-len(powers) // MAX_COLUMNS))
    starts = np.arange(0, len(powers), per_column)
    if len(starts):
        sizes = np.minimum(per_column, len(powers) - starts)
        minima = np.minimum.reduceat(minima, starts)
        maxima = np.maximum.reduceat(maxima, starts)
        powers = (np.add.reduceat(powers.astype(np.float64), starts) / sizes).astype(np.float32)
    return Envelope(
        minima=minima,
        maxima=maxima,
        levels_dbfs=powers_to_db(powers).astype(np.float32),
        column_s=per_column * step_s,
    )
