"""True peak: the highest point of the waveform between the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.blocks import Reblocker, Samples, finite
from ossicle.signal.decibels import amplitude_to_db

# Phases 2 and 3 are these two backwards.
_PHASE_0 = (
    0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875,
    0.1373291015625, 0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250,
    0.0148925781250, -0.0083007812500,
)  # fmt: skip
_PHASE_1 = (
    -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500,
    0.4650878906250, 0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625,
    0.0330810546875, -0.0189208984375,
)  # fmt: skip
_TAPS = len(_PHASE_0)
_WINDOW = 480
_BATCH = 128
_ROW = 16
_STARTS = range(0, _BATCH * _WINDOW, _WINDOW)


class TruePeakMeter:
    """Measures the true peak of a stream by fourfold oversampling, only where it can matter.

    A window whose samples times the filter's largest gain stay under the peak found so far cannot
    raise it and is passed over, so the cost is that of a sample peak for most audio.

    Args:
        channels: The result is the highest of all.

    Source: ITU-R BS.1770-5, annex 2: coefficients of the 48-tap interpolator. It reads up to
        0.6 dB low near half the sample rate, so the samples themselves count as well.
    """

    def __init__(self, *, channels: int) -> None:
        phases = np.array([_PHASE_0, _PHASE_1, _PHASE_1[::-1], _PHASE_0[::-1]])
        self._taps = _row_matrix(phases)
        self._gain = float(np.abs(phases).sum(axis=1).max())
        self._blocks = Reblocker(frames=_WINDOW * _BATCH, channels=channels)
        self._before: Samples = np.zeros((_TAPS - 1, channels), np.float32)
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        """Measure a block of any length."""
        for whole in self._blocks.push(finite(block)):
            self._peak = self._highest(whole, self._peak)
            self._before = whole[1 - _TAPS :].copy()

    def result(self) -> float:
        """The true peak so far in dBTP; `-inf` for digital silence."""
        rest = np.zeros((_WINDOW * _BATCH, self._before.shape[1]), np.float32)
        rest[: len(self._blocks.rest)] = self._blocks.rest
        return amplitude_to_db(self._highest(rest, self._peak))

    def _highest(self, block: Samples, peak: float) -> float:
        for channel in range(block.shape[1]):
            before = self._before[:, channel]
            samples = np.ascontiguousarray(block[:, channel])
            highest = np.maximum.reduceat(samples, _STARTS)
            inside = np.maximum(highest, -np.minimum.reduceat(samples, _STARTS))
            peak = max(peak, float(inside.max()))
            # A window's filter reaches back into the one before it.
            reach = np.maximum(inside, np.concatenate([[np.abs(before).max()], inside[:-1]]))
            if float(reach.max()) * self._gain <= peak:
                continue
            column = np.concatenate([before, samples])
            # The likeliest window first: it often shows that no other matters.
            peak = max(peak, self._between(column, np.array([np.argmax(reach)])))
            peak = max(peak, self._between(column, np.flatnonzero(reach * self._gain > peak)))
        return peak

    def _between(self, column: NDArray[np.float32], indices: NDArray[np.intp]) -> float:
        """The highest interpolated point of these windows of a block with the samples before."""
        rows = np.lib.stride_tricks.sliding_window_view(column, _ROW + _TAPS - 1)[::_ROW]
        chosen = rows.reshape(_BATCH, _WINDOW // _ROW, -1)[indices]
        points = chosen @ self._taps
        return float(max(points.max(initial=0.0), -points.min(initial=0.0)))


def _row_matrix(phases: NDArray[np.float64]) -> NDArray[np.float32]:
    """The interpolator as one matrix from a row of samples and those before it to all points."""
    matrix = np.zeros((_ROW + _TAPS - 1, _ROW, len(phases)))
    for index in range(_ROW):
        # The first tap meets the newest sample.
        matrix[index : index + _TAPS, index] = phases[:, ::-1].T
    return matrix.reshape(len(matrix), -1).astype(np.float32)
