"""From bytes to sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossicle.errors import ConfigurationError

from .waveform import (
    LEAST_SAMPLE_RATE,
    N_GROUPS,
    PREAMBLE,
    RAMP_S,
    SYMBOL_S,
    SYMBOLS_PER_BLOCK,
    TONES_PER_GROUP,
    bytes_to_tones,
    tone_frequencies,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

PEAK = 0.5
"""Highest sample of every symbol: -6 dBFS."""


class Modulator:
    """Makes the sound of packets.

    Args:
        sample_rate: In Hz, at least 8000.
        tilt_db: How much louder the highest tones are than the lowest, in dB; below zero they
            are softer. It changes the timbre and, as tones are only compared with close
            neighbours, not what is heard.

    Raises:
        ConfigurationError: The sample rate is too low for the tones.
    """

    def __init__(self, *, sample_rate: int, tilt_db: float = 0.0) -> None:
        if sample_rate < LEAST_SAMPLE_RATE:
            raise ConfigurationError(
                f"sample_rate of {sample_rate} Hz is too low for tones",
                fix=f"Use at least {LEAST_SAMPLE_RATE} Hz.",
            )
        self._symbol_frames = round(SYMBOL_S * sample_rate)
        self._pause = np.zeros(self._symbol_frames, np.float32)
        self._waves = _waves(sample_rate, self._symbol_frames, tilt_db)

    def pause(self) -> Samples:
        """Silence as long as a symbol, for before and after a message; shape `(frames, 1)`."""
        return self._pause[:, None].copy()

    def packet(self, data: bytes) -> Samples:
        """The preamble and the blocks of a packet, each block followed by its pause.

        Args:
            data: A multiple of 12 bytes.

        Returns:
            Shape `(frames, 1)`, peaks of `PEAK`.
        """
        tones = np.concatenate([np.array(PREAMBLE, np.intp), bytes_to_tones(data)])
        symbols = self._waves[np.arange(N_GROUPS), tones].sum(axis=1)
        symbols *= PEAK / np.abs(symbols).max(axis=1, keepdims=True)
        blocks = symbols.reshape(-1, SYMBOLS_PER_BLOCK * self._symbol_frames)
        return np.pad(blocks, ((0, 0), (0, self._symbol_frames))).reshape(-1, 1)


def _waves(sample_rate: int, frames: int, tilt_db: float) -> NDArray[np.float32]:
    """One symbol of each tone: shape `(N_GROUPS, TONES_PER_GROUP, frames)`."""
    time = np.arange(frames) / sample_rate
    group = np.arange(N_GROUPS)[:, None, None]
    # Phases that grow with the square of the index keep the peaks of the sum low.
    # Source: D. J. Newman, "An L1 extremal problem for polynomials" (1965).
    phase = np.pi * (group + np.arange(TONES_PER_GROUP)[:, None] / TONES_PER_GROUP) ** 2 / N_GROUPS
    gain = 10 ** (tilt_db * (group / (N_GROUPS - 1) - 0.5) / 20)
    waves = gain * np.cos(2 * np.pi * tone_frequencies()[..., None] * time + phase)
    return (waves * _envelope(sample_rate, frames)).astype(np.float32)


def _envelope(sample_rate: int, frames: int) -> NDArray[np.float64]:
    ramp = round(RAMP_S * sample_rate)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
    envelope = np.ones(frames)
    envelope[:ramp] = rise
    envelope[frames - ramp :] = rise[::-1]
    return envelope
