"""What frequencies a stream holds: bandwidth, inaudible shares, a spectrogram for pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.blocks import Reblocker, Samples, finite
from ossicle.signal.decibels import power_to_db, powers_to_db
from ossicle.signal.excess import ExcessMeter, whole_dbfs
from ossicle.signal.series import Series

HIGH_HZ = 16_000.0
"""Above this, hardly any adult hears, and no speech model listens."""

_BELOW_HIGH_HZ = 12_000.0

BAND_EDGES_HZ = (100.0, 300.0, 510.0, 770.0, 1080.0, 1480.0, 2000.0, 2700.0, 3700.0, 7000.0)
"""Edges of the bands in which speech is looked for: two critical bands each.

Source: E. Zwicker, "Subdivision of the audible frequency range into critical bands", 1961.
"""

MAX_COLUMNS = 1024
MAX_BANDS = 128

_FRAMES_PER_TILE = 64
_BANDWIDTH_RANGE_DB = 65.0
_BANDWIDTH_FLOOR_DBFS = -118.0


def transform_frames(sample_rate: int) -> int:
    """Frames in one spectrum: the power of two that is at least 20 ms long, at least 16."""
    return 1 << max(4, math.ceil(math.log2(0.02 * sample_rate)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The mean spectrum of a stream, over all its channels.

    Attributes:
        power: Mean square in each bin; adds up to the mean square of the samples without their
            offset.
        bin_hz: Distance between bins.
        bandwidth_hz: The highest frequency that holds more than noise of storage; 0 for silence.
        high_share: Share of the energy above 16 kHz, 0 to 1; 0 for silence.
        high_dbfs: Its level.
        high_excess_db: How much denser the energy above 16 kHz is than that from 12 to 16 kHz;
            natural sound falls off there, so a positive value is odd. `-inf` where there is none,
            also at sample rates that hold none.
    """

    power: NDArray[np.float64]
    bin_hz: float
    bandwidth_hz: float
    high_share: float
    high_dbfs: float
    high_excess_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrogram:
    """Levels over time and frequency, small enough to draw.

    Attributes:
        levels_dbfs: float32, shape `(columns, bands)`, at most 1024 times 128; `-inf` for silence.
        column_s: Seconds in a column; the last one may be shorter.
        band_hz: Hertz in a band; the first starts at 0 Hz.
    """

    levels_dbfs: NDArray[np.float32]
    column_s: float
    band_hz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralShapes:
    """The rough shape of consecutive spectra.

    What stands still for seconds (hum, a chord, a fan, noise of any colour) is the *background* of
    each bin: its median over 64 spectra. What rises above twice the background is the *excess*.

    Attributes:
        levels_dbfs: Level in each band of `BAND_EDGES_HZ` below Nyquist, in whole dBFS from −127
            to 0; shape `(spectra, bands)`.
        spreads: Over how many bins the energy of these bands is spread: about 2 for a tone, half
            the bins for noise; shape `(spectra,)`.
        excess_db: How far the excess lifts each band above its background, in whole halves of a
            decibel, from 0 to 60; shape `(spectra, bands)`.
        excess_spreads: Over how many bins the excess is spread; shape `(spectra,)`.
        excess_dbfs: Level of the excess, in all bands and in those above 300 Hz, in whole dBFS;
            shape `(spectra, 2)`.
        whole_dbfs: The same of everything from the lowest bin on; shape `(spectra, 2)`.
        step_s: Seconds from one spectrum to the next.
    """

    levels_dbfs: NDArray[np.int8]
    spreads: NDArray[np.float32]
    excess_db: NDArray[np.int8]
    excess_spreads: NDArray[np.int8]
    excess_dbfs: NDArray[np.int8]
    whole_dbfs: NDArray[np.int8]
    step_s: float


class SpectrumMeter:
    """Measures spectra of 20 to 40 ms, side by side, of a stream; memory hardly grows.

    Keeps 27 bytes for each spectrum (4 MB an hour) and one picture of bounded size.

    Args:
        sample_rate: In Hz.
        channels: Their powers are averaged.
    """

    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.frames = transform_frames(sample_rate)
        self._bins = self.frames // 2 + 1
        self._bin_hz = sample_rate / self.frames
        window = np.hanning(self.frames + 1)[:-1]
        self._window = window.astype(np.float32)
        self._scale = 2.0 / (self.frames * float(np.sum(window**2)) * channels)
        self._blocks = Reblocker(frames=self.frames * _FRAMES_PER_TILE, channels=channels)
        self._total = np.zeros(self._bins)
        self._count = 0
        self._bands = _band_starts(self._bin_hz, self._bins)
        self._shapes = Series(np.int8, width=max(len(self._bands) - 1, 0))
        self._spreads = Series(np.float32)
        self._excess = ExcessMeter(self._bands)
        self._picture = _Picture(bins=self._bins)

    def add(self, block: Samples) -> None:
        """Measure a block of any length."""
        for tile in self._blocks.push(finite(block)):
            powers = self._powers(tile)
            self._total += powers.sum(axis=0, dtype=np.float64)
            self._count += len(powers)
            self._shapes.extend(self._band_levels(powers))
            self._spreads.extend(self._spread(powers))
            self._excess.add(powers)
            self._picture.add(powers)

    def shapes(self) -> SpectralShapes:
        """The rough shape of every spectrum so far."""
        rest = self._rest()
        excess = self._excess.values(rest)
        return SpectralShapes(
            levels_dbfs=np.concatenate([self._shapes.values, self._band_levels(rest)]),
            spreads=np.concatenate([self._spreads.values, self._spread(rest)]),
            excess_db=excess.bands,
            excess_spreads=excess.spreads,
            excess_dbfs=excess.levels[:, :2],
            whole_dbfs=excess.levels[:, 2:],
            step_s=self.frames / self.sample_rate,
        )

    def result(self) -> Spectrum:
        """The mean spectrum so far."""
        rest = self._rest()
        power = self._total + rest.sum(axis=0, dtype=np.float64)
        power /= max(self._count + len(rest), 1)
        return spectrum_of(power, bin_hz=self._bin_hz)

    def spectrogram(self) -> Spectrogram:
        """The picture so far."""
        levels, per_column = self._picture.result(self._rest())
        return Spectrogram(
            levels_dbfs=levels,
            column_s=per_column * self.frames / self.sample_rate,
            band_hz=self._picture.bins_per_band * self._bin_hz,
        )

    def _rest(self) -> NDArray[np.float32]:
        """Spectra of what is left over; a last piece counts if it is half a spectrum, or alone."""
        rest = self._blocks.rest
        whole = len(rest) // self.frames
        padded = np.zeros((self.frames * _FRAMES_PER_TILE, self.channels), np.float32)
        padded[: whole * self.frames] = rest[: whole * self.frames]
        powers = self._powers(padded)[:whole]
        last = rest[whole * self.frames :]
        if 2 * len(last) >= self.frames or (len(last) and not self._count and not whole):
            powers = np.concatenate([powers, self._piece(last)])
        return powers

    def _piece(self, piece: Samples) -> NDArray[np.float32]:
        """The spectrum of less than a whole one, under a window of its own length."""
        window = np.hanning(len(piece) + 2)[1:-1]
        window *= np.sqrt(float(np.sum(self._window.astype(np.float64) ** 2)) / np.sum(window**2))
        padded = np.zeros((self.frames, self.channels))
        padded[: len(piece)] = (piece - piece.mean(axis=0)) * window[:, None]
        return self._scaled(np.fft.rfft(padded, axis=0).T[:, None, :])

    def _powers(self, tile: Samples) -> NDArray[np.float32]:
        spectra = []
        for channel in range(self.channels):
            pieces = np.ascontiguousarray(tile[:, channel]).reshape(-1, self.frames)
            pieces = pieces - pieces.mean(axis=1, keepdims=True)
            pieces *= self._window
            spectra.append(np.fft.rfft(pieces, axis=1))
        return self._scaled(spectra)

    def _scaled(self, spectra: Iterable[NDArray[Any]]) -> NDArray[np.float32]:
        """Mean power over channels, so that the bins of a spectrum add up to its mean square."""
        total: Any = 0.0
        for spectrum in spectra:
            total = total + np.square(np.real(spectrum))
            total += np.square(np.imag(spectrum))
        total *= self._scale
        total[:, -1] *= 0.5
        return np.asarray(total, np.float32)

    def _band_levels(self, powers: NDArray[np.float32]) -> NDArray[np.int8]:
        if len(self._bands) < 2:
            return np.zeros((len(powers), 0), np.int8)
        bands = np.add.reduceat(powers[:, : self._bands[-1]], self._bands[:-1], axis=1)
        return whole_dbfs(bands)

    def _spread(self, powers: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(self._bands) < 2:
            return np.zeros(len(powers), np.float32)
        speech = powers[:, self._bands[0] : self._bands[-1]]
        squares = np.einsum("ij,ij->i", speech, speech)
        return np.asarray(np.square(speech.sum(axis=1)) / np.maximum(squares, 1e-30), np.float32)


def spectrum_of(power: NDArray[np.float64], *, bin_hz: float) -> Spectrum:
    """Figures of a mean power spectrum whose bins lie `bin_hz` apart."""
    frequencies = np.arange(len(power)) * bin_hz
    total = float(power.sum())
    high = power[frequencies > HIGH_HZ]
    middle = power[(frequencies > _BELOW_HIGH_HZ) & (frequencies <= HIGH_HZ)]
    excess_db = -math.inf
    if high.sum() > 0.0:
        below = max(float(middle.mean()), 1e-15)
        excess_db = power_to_db(float(high.mean()) / below)
    return Spectrum(
        power=power,
        bin_hz=bin_hz,
        bandwidth_hz=_bandwidth_hz(power, bin_hz),
        high_share=float(high.sum()) / total if total > 0.0 else 0.0,
        high_dbfs=power_to_db(float(high.sum())),
        high_excess_db=excess_db,
    )


def _bandwidth_hz(power: NDArray[np.float64], bin_hz: float) -> float:
    """The upper edge of the highest 100 Hz within 65 dB of the loudest, and above −118 dBFS.

    Speech falls by 50 dB from its loudest part to the top of its band. What a resampler or a codec
    leaves above a cut-off lies deeper, and 16-bit rounding at −118 dBFS in 100 Hz.
    """
    width = max(1, round(100.0 / bin_hz))
    smooth = np.convolve(power, np.full(width, 1.0 / width), mode="same") * (100.0 / bin_hz)
    loudest = float(smooth.max(initial=0.0))
    if loudest <= 0.0:
        return 0.0
    threshold = max(
        loudest * 10.0 ** (-_BANDWIDTH_RANGE_DB / 10.0), 10.0 ** (_BANDWIDTH_FLOOR_DBFS / 10.0)
    )
    above = np.flatnonzero(smooth > threshold)
    nyquist = (len(power) - 1) * bin_hz
    return min(float((above[-1] + 0.5) * bin_hz), nyquist) if len(above) else 0.0


def _band_starts(bin_hz: float, bins: int) -> NDArray[np.intp]:
    """The first bin of each band below Nyquist, and the bin after the last one."""
    edges = np.ceil(np.array(BAND_EDGES_HZ) / bin_hz).astype(np.intp)
    inside = edges[edges < bins - 2]
    return np.append(inside, bins - 1) if len(inside) < len(edges) and len(inside) else inside


class _Picture:
    """Columns of band powers; when they become too many, neighbours are merged."""

    def __init__(self, *, bins: int) -> None:
        self.bins_per_band = -(-bins // MAX_BANDS)
        self._starts = np.arange(0, bins, self.bins_per_band)
        self._columns = np.zeros((2 * MAX_COLUMNS, len(self._starts)), np.float32)
        self._filled = 0
        self._per_column = 1
        self._open = np.zeros((0, len(self._starts)), np.float32)

    def add(self, powers: NDArray[np.float32]) -> None:
        bands = np.add.reduceat(powers, self._starts, axis=1)
        bands = np.concatenate([self._open, bands])
        whole = len(bands) // self._per_column * self._per_column
        self._open = bands[whole:].copy()
        columns = bands[:whole].reshape(-1, self._per_column, bands.shape[1]).mean(axis=1)
        self._columns[self._filled : self._filled + len(columns)] = columns
        self._filled += len(columns)
        # Tiles are shorter than what is free above MAX_COLUMNS, so one merge is enough.
        if self._filled > MAX_COLUMNS and self._filled % 2 == 0:
            pairs = self._columns[: self._filled].reshape(-1, 2, bands.shape[1])
            self._filled //= 2
            self._columns[: self._filled] = pairs.mean(axis=1)
            self._per_column *= 2

    def result(self, rest: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
        bands = np.concatenate([self._open, np.add.reduceat(rest, self._starts, axis=1)])
        starts = np.arange(0, len(bands), self._per_column)
        columns = self._columns[: self._filled]
        if len(bands):
            sizes = np.minimum(self._per_column, len(bands) - starts)[:, None]
            open_columns = (np.add.reduceat(bands, starts, axis=0) / sizes).astype(np.float32)
            columns = np.concatenate([columns, open_columns])
        per_column = self._per_column
        while len(columns) > MAX_COLUMNS:
            even = columns[: len(columns) // 2 * 2].reshape(-1, 2, columns.shape[1]).mean(axis=1)
            columns = np.concatenate([even, columns[len(even) * 2 :]])
            per_column *= 2
        return powers_to_db(columns).astype(np.float32), per_column
