"""From sound back to bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .waveform import (
    BLOCK_S,
    BYTES_PER_SYMBOL,
    N_GROUPS,
    PREAMBLE,
    SYMBOL_S,
    SYMBOLS_PER_BLOCK,
    TONES_PER_GROUP,
    tone_frequencies,
    tones_to_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Mono = NDArray[np.float32]

WINDOW_S = 0.036
"""Length of the Hann window through which a symbol is seen; it leaves 2 ms at either side."""

HOP_S = 0.004
"""Distance of the places at which a preamble is looked for."""

_LEAST_SCORE = 0.5
"""Share of a preamble's energy that must be on its tones; noise and speech have about 0.13."""

_LEAST_ENERGY = 1e-10
"""Energy of a group of tones, about -100 dBFS, below which it counts as silent."""

_STRETCHES = tuple(1 + step * 0.00125 for step in (0, -1, 1, -2, 2, -3, 3, -4, 4))
"""Speeds that are tried; what lies between and a little beyond them is close enough to one."""

_BATCH_WINDOWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When and how fast a packet plays.

    Attributes:
        start_s: Where its preamble starts, in seconds from the start of the samples.
        stretch: Length of the sender's second in the receiver's seconds.
        score: Share of the preamble's energy that is on its tones, 0 to 1.
    """

    start_s: float
    stretch: float
    score: float


class Demodulator:
    """Hears tones in mono samples.

    Args:
        samples: One channel, finite, shape `(frames,)`.
        sample_rate: In Hz, at least 8000.
    """

    def __init__(self, samples: Mono, *, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._window = round(WINDOW_S * sample_rate)
        # Silence around, so that a window may begin before or end after the samples.
        self._margin = round(BLOCK_S * sample_rate)
        self._samples = np.pad(samples, self._margin)
        self._bases: dict[float, NDArray[np.float32]] = {}

    def preambles(self) -> Iterator[float]:
        """Seconds at which a preamble may start, in the order of time."""
        lag = round(SYMBOL_S / HOP_S)
        n_frames = len(self._samples) - 2 * self._margin
        n_places = int(n_frames / self._sample_rate / HOP_S) + 1 + lag
        shares = self._shares((np.arange(n_places + 3 * lag) - lag) * HOP_S, 1.0)
        rows = [shares[row, row * lag :][:n_places] for row in range(len(PREAMBLE))]
        scores = np.mean(rows, axis=0)
        reach = lag // 2
        around = np.lib.stride_tricks.sliding_window_view(np.pad(scores, reach), 2 * reach + 1)
        is_peak = (scores >= _LEAST_SCORE) & (around.argmax(axis=1) == reach)
        yield from ((int(index) - lag) * HOP_S for index in np.flatnonzero(is_peak))

    def clock(self, near_s: float, *, stretch: float = 1.0) -> Clock:
        """The best timing of a packet near a preamble's place, for a clock of known speed."""
        starts = near_s + HOP_S * np.arange(-1.0, 1.25, 0.25)
        row = np.repeat(np.arange(len(PREAMBLE)), len(starts))
        symbols = np.tile(starts, len(PREAMBLE)) + stretch * SYMBOL_S * row
        shares = self._shares(symbols, stretch)[row, np.arange(len(row))]
        scores = shares.reshape(len(PREAMBLE), -1).mean(axis=0)
        best = int(scores.argmax())
        return Clock(start_s=float(starts[best]), stretch=stretch, score=float(scores[best]))

    def clocks(self, near_s: float) -> list[Clock]:
        """The timings for clocks up to 0.8 % slow or fast, the best first."""
        guesses = [self.clock(near_s, stretch=stretch) for stretch in _STRETCHES]
        return sorted(guesses, key=lambda clock: -clock.score)

    def read(self, clock: Clock, *, first_block: int, n_bytes: int) -> bytes:
        """What is heard from a block on; where nothing can be heard the bytes are arbitrary.

        Args:
            clock: The packet's timing.
            first_block: Counted from the preamble, which is block 0.
            n_bytes: A multiple of 3.
        """
        symbol = np.arange(n_bytes // BYTES_PER_SYMBOL)
        place = symbol + symbol // SYMBOLS_PER_BLOCK
        starts = clock.start_s + clock.stretch * (first_block * BLOCK_S + place * SYMBOL_S)
        energy = self._energies(starts, clock.stretch)
        return tones_to_bytes(energy.argmax(axis=2))

    def _shares(self, starts_s: NDArray[np.floating[Any]], stretch: float) -> NDArray[np.float32]:
        """How much of each window's energy is on the tones of each symbol of the preamble.

        Returns:
            0 to 1, shape `(len(PREAMBLE), windows)`.
        """
        shares = np.zeros((len(PREAMBLE), len(starts_s)), np.float32)
        for first in range(0, len(starts_s), _BATCH_WINDOWS):
            batch = slice(first, first + _BATCH_WINDOWS)
            energy = self._energies(starts_s[batch], stretch)
            energy /= np.maximum(energy.sum(axis=2, keepdims=True), _LEAST_ENERGY)
            for row, tones in enumerate(PREAMBLE):
                shares[row, batch] = energy[:, np.arange(N_GROUPS), tones].mean(axis=1)
        return shares

    def _energies(self, starts_s: NDArray[np.floating[Any]], stretch: float) -> NDArray[np.float32]:
        """Energy of every tone in windows at the middle of symbols that start at `starts_s`.

        Returns:
            Shape `(windows, N_GROUPS, TONES_PER_GROUP)`.
        """
        middle = (starts_s + stretch * SYMBOL_S / 2) * self._sample_rate
        first = np.rint(middle).astype(np.intp) + self._margin - self._window // 2
        first = np.clip(first, 0, len(self._samples) - self._window)
        windows = np.lib.stride_tricks.sliding_window_view(self._samples, self._window)[first]
        parts = windows @ self._basis(stretch)
        n_tones = N_GROUPS * TONES_PER_GROUP
        squares = np.square(parts)
        energy: NDArray[np.float32] = squares[:, :n_tones] + squares[:, n_tones:]
        return energy.reshape(-1, N_GROUPS, TONES_PER_GROUP)

    def _basis(self, stretch: float) -> NDArray[np.float32]:
        """Windowed cosines and sines of all tones: shape `(window, 2 × tones)`."""
        if stretch not in self._bases:
            time = np.arange(self._window) / (self._sample_rate * stretch)
            angle = 2 * np.pi * time[:, None] * tone_frequencies().reshape(-1)
            hann = np.hanning(self._window + 2)[1:-1, None]
            basis = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
            self._bases[stretch] = (basis * hann / hann.sum()).astype(np.float32)
        return self._bases[stretch]
