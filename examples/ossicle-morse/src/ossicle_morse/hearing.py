"""Text from tones: find the pitch, follow its level, measure how long it is on and off."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from .code import marks_to_text
from .models import SAMPLE_RATE

_PITCHES_HZ = (300.0, 1200.0)
_WINDOW_S = 0.016
_STEP_S = 0.002
_TWO_LENGTHS = 1.8
"""From this ratio on, the longest and the shortest tone are a dash and a dot."""

Run = tuple[bool, float]
"""Whether the tone is on, and for how many seconds."""


def hear(pcm: bytes, *, unit_s: float) -> str:
    """What 16-bit mono samples say, in capitals; empty where nobody sends.

    Args:
        pcm: At `SAMPLE_RATE`; a last half sample is left out.
        unit_s: How long a dot probably is, for messages of one length of tone.
    """
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64) / 32768
    runs = _runs(_level(samples))
    tones_s = [length_s for is_on, length_s in runs if is_on]
    if not tones_s:
        return ""
    return marks_to_text(_marks(runs, _dot_s(tones_s, unit_s)))


def _level(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level of the strongest pitch, one value each `_STEP_S`."""
    if len(samples) < round(_WINDOW_S * SAMPLE_RATE):
        return np.zeros(0)
    step = round(_STEP_S * SAMPLE_RATE)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    is_pitch = (hertz >= _PITCHES_HZ[0]) & (hertz <= _PITCHES_HZ[1])
    pitch_hz = float(hertz[is_pitch][np.argmax(power[is_pitch])])
    shifted = samples * np.exp(-2j * np.pi * pitch_hz * np.arange(len(samples)) / SAMPLE_RATE)
    window = np.hanning(round(_WINDOW_S * SAMPLE_RATE))
    smooth = np.convolve(shifted, window / window.sum(), mode="same")
    return np.asarray(np.abs(smooth[::step]))


def _runs(level: NDArray[np.float64]) -> list[Run]:
    """How long it is on and off by turns; nothing where it is never on."""
    if not len(level) or level.max() < 1e-3:
        return []
    is_on = level > level.max() / 2
    edges = np.flatnonzero(np.diff(is_on)) + 1
    bounds = [0, *(int(edge) for edge in edges), len(is_on)]
    return [
        (bool(is_on[start]), (end - start) * _STEP_S)
        for start, end in itertools.pairwise(bounds)
        if (end - start) * _STEP_S >= _WINDOW_S / 2
    ]


def _dot_s(tones_s: list[float], unit_s: float) -> float:
    """How long a dot is."""
    shortest, longest = min(tones_s), max(tones_s)
    if longest / shortest >= _TWO_LENGTHS:
        border = math.sqrt(shortest * longest)
        dots = [length_s for length_s in tones_s if length_s < border]
        return sum(dots) / len(dots)
    # All of one length: dots or dashes, whichever is nearer to the speed that was expected.
    mean = sum(tones_s) / len(tones_s)
    return mean if mean < math.sqrt(3) * unit_s else mean / 3


def _marks(runs: list[Run], dot_s: float) -> str:
    """Dots and dashes; a space between letters, three between words."""
    marks = []
    for is_on, length_s in runs:
        dots = length_s / dot_s
        if is_on:
            marks.append("." if dots < 2 else "-")
        elif dots >= 2:
            marks.append(" " if dots < 5 else "   ")
    return "".join(marks)
