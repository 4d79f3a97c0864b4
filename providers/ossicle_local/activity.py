"""Where somebody speaks: a probability per window, and the stretches that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossicle_local.packages import load_package
from ossicle_local.samples import HEARING_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle_local.samples import Mono

    Probabilities = NDArray[np.float32]
    """Shape `(windows,)`, from 0 to 1."""

WINDOW_FRAMES = 256
"""Frames of one window, 16 ms; the detector takes nothing else."""

WINDOWS_PER_S = HEARING_RATE / WINDOW_FRAMES

_PRESENCE = 0.85
"""Least peak of the probability where anybody speaks: single words peak at 0.87 even in noise of
their own level, sentences at 0.97, hiss and tones mostly below 0.82 (earshot 1.2.2, 2026-11)."""

_RISE_DB = 2.0
"""Least rise of the loudest 32 ms above the median ones. Noises and tones that the detector takes
for speech are steady, within 1.6 dB; speech rises by 10 dB and more (measured 2026-11)."""

_SPEAKING = 0.5
_PAUSE_S = 0.5
_JOINED_S = 12.0
_LONGEST_S = 14.0

Stretch = tuple[int, int]
"""First frame and the frame after the last one."""


def speech_probabilities(samples: Mono) -> Probabilities:
    """How probably each window holds speech, by the earshot detector.

    Raises:
        DependencyMissingError: earshot is not installed or does not load here.
    """
    detector = load_package("earshot", extra="local").Detector()
    windows = len(samples) // WINDOW_FRAMES
    blocks = samples[: windows * WINDOW_FRAMES].reshape(windows, WINDOW_FRAMES)
    return np.array([detector.predict_f32(block) for block in blocks], np.float32)


def holds_speech(samples: Mono, probabilities: Probabilities) -> bool:
    """Whether anybody speaks in peak-normalised samples, given the detector's probabilities.

    The detector alone takes pink noise and buzzing for speech, and recognisers answer them with
    words.
    """
    if probabilities.max(initial=0.0) < _PRESENCE:
        return False
    # Differences weaken the low frequencies, whose slow swell is no speech.
    steps = np.diff(samples)
    frames = min(2 * WINDOW_FRAMES, len(steps))
    windows = len(steps) // frames
    power = np.mean(np.square(steps[: windows * frames].reshape(windows, frames)), axis=1)
    levels_db = 10 * np.log10(power + 1e-9)
    return windows == 1 or bool(levels_db.max() - np.median(levels_db) >= _RISE_DB)


def energy_probabilities(samples: Mono) -> Probabilities:
    """1 where a window is within 30 dB of the loudest and above -50 dBFS, else 0.

    Good on clean recordings only; for machines on which no detector installs.
    """
    windows = len(samples) // WINDOW_FRAMES
    blocks = samples[: windows * WINDOW_FRAMES].reshape(windows, WINDOW_FRAMES)
    power = np.mean(np.square(blocks), axis=1)
    floor = max(float(power.max(initial=0.0)) * 1e-3, 1e-5)
    return np.asarray(power > floor, np.float32)


def stretches(probabilities: Probabilities) -> list[Stretch]:
    """Cut long audio at pauses into stretches of speech of at most 14 s, in order.

    Neighbours are joined while together they stay within 12 s, since recognisers like context; a
    stretch without a pause is cut where speech is least probable.
    """
    longest = int(_LONGEST_S * WINDOWS_PER_S)
    pieces: list[tuple[int, int]] = []
    for start, end in _runs(probabilities):
        while end - start > longest:
            first = start + longest // 2
            cut = first + int(probabilities[first : start + longest].argmin())
            pieces.append((start, cut))
            start = cut
        if pieces and end - pieces[-1][0] <= _JOINED_S * WINDOWS_PER_S:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return [(start * WINDOW_FRAMES, end * WINDOW_FRAMES) for start, end in pieces]


def _runs(probabilities: Probabilities) -> list[tuple[int, int]]:
    """Windows in which somebody speaks, pauses shorter than half a second included."""
    speaking = np.flatnonzero(probabilities > _SPEAKING)
    if not len(speaking):
        return []
    breaks = np.flatnonzero(np.diff(speaking) > int(_PAUSE_S * WINDOWS_PER_S))
    starts = speaking[np.concatenate(([0], breaks + 1))]
    ends = speaking[np.concatenate((breaks, [len(speaking) - 1]))] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
