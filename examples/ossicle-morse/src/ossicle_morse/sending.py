"""Tones for text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .code import CODE
from .models import SAMPLE_RATE

_EDGE_S = 0.004
"""Rise and fall of each tone: a hard edge clicks."""


def word_to_pcm(word: str, *, unit_s: float, pitch_hz: float) -> bytes:
    """A word and the pause of seven dots after it, as 16-bit mono samples at `SAMPLE_RATE`.

    Args:
        word: Signs of `CODE` only.
        unit_s: Length of a dot in seconds.
        pitch_hz: Of the tone.
    """
    pieces: list[NDArray[np.float64]] = []
    for letter in word:
        for mark in CODE[letter]:
            pieces += [_tone((1 if mark == "." else 3) * unit_s, pitch_hz), _pause(unit_s)]
        pieces.append(_pause(2 * unit_s))
    pieces.append(_pause(4 * unit_s))
    return bytes(np.round(np.concatenate(pieces) * 32767).astype("<i2").tobytes())


def _pause(length_s: float) -> NDArray[np.float64]:
    return np.zeros(round(length_s * SAMPLE_RATE))


def _tone(length_s: float, pitch_hz: float) -> NDArray[np.float64]:
    times = np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    to_edge_s = np.minimum(times, times[::-1]) + 0.5 / SAMPLE_RATE
    rise = np.sin(np.pi / 2 * np.minimum(1.0, to_edge_s / _EDGE_S)) ** 2
    return np.asarray(0.5 * rise * np.sin(2 * np.pi * pitch_hz * times))
