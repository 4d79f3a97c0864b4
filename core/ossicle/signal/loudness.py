"""Loudness after ITU-R BS.1770-5, measured while the samples pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.blocks import Reblocker, Samples, finite
from ossicle.signal.decibels import power_to_db
from ossicle.signal.filters import Biquad, BlockFilter
from ossicle.signal.series import Series

WINDOWS_PER_HOP = 10
"""10 ms windows in a 100 ms hop; a gating block of 400 ms is four hops."""

_OFFSET_DB = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_GROUPS = 48

_CHANNEL_WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (1.0, 1.0, 1.41, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41),
}


def window_frames(sample_rate: int) -> int:
    """Frames in a window of 10 ms, rounded; at least 1."""
    return max(1, round(sample_rate / 100))


def channel_weights(channels: int) -> tuple[float, ...]:
    """What each channel counts, for the usual order of channels (quad, 5.0, 5.1, 7.1).

    Source: ITU-R BS.1770-5, annex 1, table 3, and annex 3 for 7.1: surrounds at the side count
    1.41, the low-frequency effects channel nothing. Other counts: 1 for every channel.
    """
    return _CHANNEL_WEIGHTS.get(channels, (1.0,) * channels)


def k_weighting(sample_rate: int) -> tuple[Biquad, Biquad]:
    """The two sections of the K filter, a high shelf and a high-pass, for any sample rate.

    Source: ITU-R BS.1770-5, annex 1, tables 1 and 2 give them for 48 kHz; the analogue prototype
        behind the tables is the one of De Man, "Evaluation of implementations of the EBU R128
        loudness measurement", AES 145 (2018).
    """
    # Below 4.5 kHz of sample rate the shelf lies beyond Nyquist; holding it there keeps it stable.
    k = math.tan(math.pi * min(1681.974450955533 / sample_rate, 0.45))
    high, q = 10.0 ** (3.999843853973347 / 20.0), 0.7071752369554196
    middle = high**0.4996667741545416
    norm = 1.0 + k / q + k * k
    shelf = Biquad(
        b0=(high + middle * k / q + k * k) / norm,
        b1=2.0 * (k * k - high) / norm,
        b2=(high - middle * k / q + k * k) / norm,
        a1=2.0 * (k * k - 1.0) / norm,
        a2=(1.0 - k / q + k * k) / norm,
    )
    k = math.tan(math.pi * min(38.13547087602444 / sample_rate, 0.45))
    q = 0.5003270373238773
    norm = 1.0 + k / q + k * k
    # The tables leave the numerator at 1, −2, 1: the pass band is 0.04 dB up, and meant to be.
    high_pass = Biquad(
        b0=1.0, b1=-2.0, b2=1.0, a1=2.0 * (k * k - 1.0) / norm, a2=(1.0 - k / q + k * k) / norm
    )
    return shelf, high_pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """Loudness of a whole programme.

    Attributes:
        integrated_lufs: Gated over everything; `-inf` below 400 ms or −70 LUFS.
        momentary_max_lufs: The loudest 400 ms; `-inf` if shorter or silent.
        short_term_max_lufs: The loudest 3 s; `-inf` if shorter or silent.
    """

    integrated_lufs: float
    momentary_max_lufs: float
    short_term_max_lufs: float


class LoudnessMeter:
    """Measures loudness, and the K-weighted energy of each 10 ms, of a stream.

    Keeps 4 bytes for each 10 ms (1.4 MB an hour) and nothing else that grows.

    Args:
        sample_rate: In Hz.
        channels: In the usual order, see `channel_weights`.
    """

    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self._filter = BlockFilter(k_weighting(sample_rate), channels=channels, groups=_GROUPS)
        self._blocks = Reblocker(frames=self._filter.frames, channels=channels)
        self._window = window_frames(sample_rate)
        # Whole windows by the hundred: einsum gets one shape, and a second is little to hold.
        self._weighted = Reblocker(frames=100 * self._window, channels=channels)
        self._weights = np.array(channel_weights(channels))
        self._energies = Series(np.float32)

    def add(self, block: Samples) -> None:
        """Measure a block of any length."""
        for whole in self._blocks.push(finite(block)):
            for windows in self._weighted.push(self._filter.process(whole)):
                self._energies.extend(self._window_energies(windows))

    def window_energies(self) -> NDArray[np.float32]:
        """K-weighted mean square of each whole 10 ms so far, channels summed by their weights."""
        tail = np.concatenate([self._weighted.rest, self._filter.tail(self._blocks.rest)])
        whole = tail[: len(tail) // self._window * self._window]
        return np.concatenate([self._energies.values, self._window_energies(whole)])

    def result(self) -> Loudness:
        """The loudness of everything so far; may be asked at any time."""
        return loudness_of(self.window_energies())

    def _window_energies(self, samples: Samples) -> NDArray[np.float32]:
        total: NDArray[Any] = np.zeros(len(samples) // self._window)
        for channel in np.flatnonzero(self._weights):
            windows = np.ascontiguousarray(samples[:, channel]).reshape(-1, self._window)
            total += self._weights[channel] * np.einsum("ij,ij->i", windows, windows)
        return (total / self._window).astype(np.float32)


def loudness_of(window_energies: NDArray[np.float32]) -> Loudness:
    """Loudness from the K-weighted mean squares of consecutive windows of 10 ms.

    Source: ITU-R BS.1770-5, annex 1 (400 ms blocks each 100 ms, gates at −70 LUFS and 10 LU below
        the mean); EBU Tech 3341 (2016), 2.2 for momentary (400 ms) and short-term (3 s).
    """
    hops = window_energies[: len(window_energies) // WINDOWS_PER_HOP * WINDOWS_PER_HOP]
    energies = hops.astype(np.float64).reshape(-1, WINDOWS_PER_HOP).mean(axis=1)
    momentary = _moving_mean(energies, 4)
    return Loudness(
        integrated_lufs=_gated(momentary),
        momentary_max_lufs=_to_lufs(float(momentary.max(initial=0.0))),
        short_term_max_lufs=_to_lufs(float(_moving_mean(energies, 30).max(initial=0.0))),
    )


def _gated(momentary: NDArray[np.float64]) -> float:
    audible = momentary[momentary > _from_lufs(_ABSOLUTE_GATE_LUFS)]
    if not len(audible):
        return -math.inf
    gate = audible.mean() * 10.0 ** (_RELATIVE_GATE_LU / 10.0)
    return _to_lufs(float(audible[audible > gate].mean()))


def _moving_mean(energies: NDArray[np.float64], hops: int) -> NDArray[np.float64]:
    if len(energies) < hops:
        return np.zeros(0)
    # Not by a running sum: after a loud passage its rounding would drown a silent one.
    return np.asarray(np.lib.stride_tricks.sliding_window_view(energies, hops).mean(axis=1))


def _to_lufs(energy: float) -> float:
    return power_to_db(energy) + _OFFSET_DB


def _from_lufs(loudness_lufs: float) -> float:
    return float(10.0 ** ((loudness_lufs - _OFFSET_DB) / 10.0))
