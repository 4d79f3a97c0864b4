"""What of a spectrum rises above what stands still beneath it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.decibels import powers_to_db
from ossicle.signal.series import Series

_TILE = 64
_OVER = 2.0
"""Twice the median is above three quarters of what noise does, and above all of a steady tone."""

_TINY = 1e-9
_MOST_HALVES = 60
_SILENT_DB = -127


class Excess(NamedTuple):
    """Figures of consecutive spectra; see `SpectralShapes`.

    Attributes:
        bands: int8, shape `(spectra, bands)`.
        spreads: int8, shape `(spectra,)`.
        levels: int8, shape `(spectra, 4)`: excess in all bands and above the lowest band, then
            everything and everything above the lowest band, in whole dBFS.
    """

    bands: NDArray[np.int8]
    spreads: NDArray[np.int8]
    levels: NDArray[np.int8]


class ExcessMeter:
    """Measures tiles of 64 spectra; the same figures for any split of the stream before it.

    Args:
        bands: The first bin of each band, and the bin after the last one.
    """

    def __init__(self, bands: NDArray[np.intp]) -> None:
        self._edges = bands
        self._bands = Series(np.int8, width=max(len(bands) - 1, 0))
        self._spreads = Series(np.int8)
        self._levels = Series(np.int8, width=4)
        self._tile = np.zeros((0, 0), np.float32)

    def add(self, powers: NDArray[np.float32]) -> None:
        """Take a whole tile of powers, shape `(64, bins)`."""
        if len(self._edges) < 2:
            powers = powers[:0]
        found = self._measured(powers, self._speech(powers))
        self._tile = self._speech(powers)
        self._bands.extend(found.bands)
        self._spreads.extend(found.spreads)
        self._levels.extend(found.levels)

    def values(self, rest: NDArray[np.float32]) -> Excess:
        """All figures so far.

        Args:
            rest: Powers of the spectra that make no whole tile yet.
        """
        if len(self._edges) < 2:
            rest = rest[:0]
        speech = self._speech(rest)
        background = speech
        if len(self._tile):
            background = np.concatenate([self._tile[len(rest) :], speech])
        found = self._measured(rest, background)
        return Excess(
            np.concatenate([self._bands.values, found.bands]),
            np.concatenate([self._spreads.values, found.spreads]),
            np.concatenate([self._levels.values, found.levels]),
        )

    def _speech(self, powers: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(self._edges) < 2:
            return powers[:, :0]
        return powers[:, self._edges[0] : self._edges[-1]]

    def _measured(self, powers: NDArray[np.float32], around: NDArray[np.float32]) -> Excess:
        """Figures of `powers` above the background of `around`."""
        width = max(len(self._edges) - 1, 0)
        if not len(powers):
            nothing = np.zeros(0, np.int8)
            return Excess(np.zeros((0, width), np.int8), nothing, np.zeros((0, 4), np.int8))
        middle = len(around) // 2
        background = np.partition(around, middle, axis=0)[middle]
        speech = self._speech(powers)
        excess = np.maximum(speech - np.float32(_OVER) * background, np.float32(0.0))
        starts = self._edges[:-1] - self._edges[0]
        bands = np.add.reduceat(excess, starts, axis=1)
        floors = np.add.reduceat(background, starts)
        whole = np.add.reduceat(speech, starts, axis=1)
        below = powers[:, 1 : self._edges[0]].sum(axis=1)
        halves = 20.0 * np.log10(1.0 + bands / (floors + _TINY))
        levels = np.stack(
            [
                bands.sum(axis=1),
                bands[:, 1:].sum(axis=1),
                whole.sum(axis=1) + below,
                whole[:, 1:].sum(axis=1),
            ],
            axis=1,
        )
        squares = np.einsum("ij,ij->i", excess, excess)
        spreads = np.square(excess.sum(axis=1)) / np.maximum(squares, 1e-30)
        return Excess(
            np.minimum(np.rint(halves), _MOST_HALVES).astype(np.int8),
            np.minimum(np.rint(spreads), 127).astype(np.int8),
            whole_dbfs(levels),
        )


def whole_dbfs(powers: NDArray[np.float32]) -> NDArray[np.int8]:
    """Levels of mean squares in whole dBFS, from −127 to 0."""
    levels = powers_to_db(np.maximum(powers, 1e-13))
    return np.clip(np.rint(levels), _SILENT_DB, 0).astype(np.int8)
