"""Bytes as touch tones: two of the sixteen tones of a telephone for each byte.

Source: ITU-T Q.23 (the eight frequencies of push-button telephones).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .models import SAMPLE_RATE

LOW_HZ = (697.0, 770.0, 852.0, 941.0)
HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)

TONE_FRAMES = SAMPLE_RATE * 40 // 1000
GAP_FRAMES = SAMPLE_RATE * 20 // 1000

_WINDOW = SAMPLE_RATE * 5 // 1000
_THRESHOLD = 0.2


def text_to_tones(data: bytes) -> bytes:
    """Tones for these bytes, as 16-bit mono samples at `SAMPLE_RATE`."""
    pieces = [_tone(half) for byte in data for half in (byte >> 4, byte & 15)]
    samples = np.concatenate(pieces) if pieces else np.zeros(0)
    return bytes(np.round(samples * 32767).astype("<i2").tobytes())


def hear_tones(pcm: bytes) -> bytes:
    """The bytes whose tones are heard in 16-bit mono samples; none where there are no tones."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64) / 32768
    halves = [_half(samples[start:end]) for start, end in _bursts(samples)]
    pairs = zip(halves[::2], halves[1::2], strict=False)
    return bytes((first << 4) | second for first, second in pairs)


def _tone(half: int) -> NDArray[np.float64]:
    times = np.arange(TONE_FRAMES) / SAMPLE_RATE
    low, high = LOW_HZ[half // 4], HIGH_HZ[half % 4]
    waves = np.sin(2 * np.pi * low * times) + np.sin(2 * np.pi * high * times)
    return np.concatenate([0.4 * waves * np.hanning(TONE_FRAMES), np.zeros(GAP_FRAMES)])


def _bursts(samples: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Where it is loud, as pairs of frames."""
    whole = len(samples) // _WINDOW * _WINDOW
    levels = np.sqrt((samples[:whole].reshape(-1, _WINDOW) ** 2).mean(axis=1))
    if not len(levels) or levels.max() == 0:
        return []
    is_loud = np.concatenate([[False], levels > _THRESHOLD * levels.max(), [False]])
    edges = np.flatnonzero(np.diff(is_loud.astype(np.int8))) * _WINDOW
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _half(burst: NDArray[np.float64]) -> int:
    """Which tone a burst is: its strongest low and its strongest high frequency."""
    times = np.arange(len(burst)) / SAMPLE_RATE
    shaped = burst * np.hanning(len(burst))

    def strongest(frequencies: tuple[float, ...]) -> int:
        powers = [abs(shaped @ np.exp(-2j * np.pi * hertz * times)) for hertz in frequencies]
        return int(np.argmax(powers))

    return strongest(LOW_HZ) * 4 + strongest(HIGH_HZ)
