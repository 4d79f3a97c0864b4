"""A voice that needs no model: text as a row of tones, and the ear that reads it back.

Each byte of the UTF-8 text is two tones of 20 ms out of sixteen; a marker tone stands before and
after. It survives resampling to 8 kHz and lossy codecs, so a test can check what was said by
listening, whatever path the sound took. About 25 characters a second, some times faster than
speech.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

VOICE_SAMPLE_RATE = 24_000
"""Rate of everything that a voice says, in Hz."""

_TONE_S = 0.02
_FREQUENCIES_HZ = (*(500.0 + 150.0 * step for step in range(16)), 3300.0)
_MARKER = 16
_LEAD_S = 0.10
_TAIL_S = 0.06
_EDGE_S = 0.04
_LEVEL = 0.3
_HOP_S = 0.0025
_WINDOW_S = 0.012
_SILENCE = 1e-3


def tone_voice(text: str) -> Samples:
    """`text` as tones.

    Returns:
        Mono samples at 24 kHz, shape `(frames,)`.
    """
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    nibbles = np.stack((data >> 4, data & 15), axis=1).ravel()
    tones = np.stack([_tone(index, _TONE_S) for index in range(16)])
    edge = np.zeros(round(_EDGE_S * VOICE_SAMPLE_RATE), dtype=np.float32)
    parts = (edge, _tone(_MARKER, _LEAD_S), tones[nibbles].ravel(), _tone(_MARKER, _TAIL_S), edge)
    return np.concatenate(parts).astype(np.float32)


def tone_ear(samples: Samples, sample_rate: int) -> str:
    """What `tone_voice` said in these samples; several utterances are joined by spaces.

    Args:
        samples: Mono, shape `(frames,)`.
        sample_rate: In Hz, at least 8,000.

    Returns:
        The text; empty for silence; a description such as `"sound of 1.5 seconds"` for sound that
        holds no tones of ours.
    """
    if not samples.size or float(np.max(np.abs(samples))) < _SILENCE:
        return ""
    texts = list(_utterances(samples, sample_rate))
    return " ".join(texts) if texts else f"sound of {len(samples) / sample_rate:.1f} seconds"


def _tone(index: int, seconds: float) -> Samples:
    frames = round(seconds * VOICE_SAMPLE_RATE)
    time_s = np.arange(frames) / VOICE_SAMPLE_RATE
    ramp = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.002)
    wave = _LEVEL * ramp * np.sin(2 * math.pi * _FREQUENCIES_HZ[index] * time_s)
    return wave.astype(np.float32)


def _powers(samples: Samples, sample_rate: int, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Power at each frequency in the window at each start; shape `(windows, 17)`."""
    frames = round(_WINDOW_S * sample_rate)
    time_s = np.arange(frames) / sample_rate
    kernel = np.exp(-2j * math.pi * np.outer(time_s, _FREQUENCIES_HZ)) * np.hanning(frames)[:, None]
    inside = np.clip(starts, 0, max(0, len(samples) - frames))
    padded = np.pad(samples, (0, max(0, frames - len(samples))))
    powers = np.empty((len(starts), len(_FREQUENCIES_HZ)))
    # In parts: a window for each start of a long recording would not fit into memory.
    for first in range(0, len(starts), 4096):
        part = inside[first : first + 4096]
        windows = padded[part[:, None] + np.arange(frames)]
        powers[first : first + 4096] = np.abs(windows @ kernel) ** 2
    return powers


def _marker_runs(samples: Samples, sample_rate: int) -> list[tuple[float, float]]:
    """Where the marker sounds, as (start, end) in seconds."""
    hop = _HOP_S * sample_rate
    starts = (np.arange(int(len(samples) / hop)) * hop).astype(np.int64)
    powers = _powers(samples, sample_rate, starts)
    if not len(powers):
        return []
    loud = powers[:, _MARKER] > 0.05 * powers.max()
    is_marker = (powers.argmax(axis=1) == _MARKER) & loud
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_marker.astype(np.int8), [0]))))
    middle = _WINDOW_S / 2
    runs = [(first * _HOP_S + middle, (last - 1) * _HOP_S + middle)
            for first, last in edges.reshape(-1, 2)]  # fmt: skip
    return [(start, end) for start, end in runs if end - start > _TAIL_S / 2]


def _utterances(samples: Samples, sample_rate: int) -> Iterator[str]:
    runs = iter(_marker_runs(samples, sample_rate))
    for lead in runs:
        if lead[1] - lead[0] > _LEAD_S + _TAIL_S / 2:
            # Nothing between the markers: they are one.
            yield ""
        elif (tail := next(runs, None)) is not None:
            yield _between(samples, sample_rate, lead[1], tail[0])


def _between(samples: Samples, sample_rate: int, start_s: float, end_s: float) -> str:
    count = round((end_s - start_s) / _TONE_S)
    # Stretched to the markers, so that a clock that runs a little off does not matter.
    centres_s = start_s + (np.arange(count) + 0.5) * (end_s - start_s) / max(1, count)
    starts = ((centres_s - _WINDOW_S / 2) * sample_rate).round().astype(np.int64)
    nibbles = _powers(samples, sample_rate, starts)[:, :16].argmax(axis=1)[: count - count % 2]
    data = (nibbles[::2] << 4 | nibbles[1::2]).astype(np.uint8)
    text: str = data.tobytes().decode(errors="replace")
    return text
