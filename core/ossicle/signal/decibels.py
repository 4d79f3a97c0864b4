"""Between ratios and decibels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def amplitude_to_db(amplitude: float) -> float:
    """An amplitude against full scale in dB; 0 is `-inf`."""
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf


def power_to_db(power: float) -> float:
    """A power against full scale in dB; 0 is `-inf`."""
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf


def db_to_amplitude(level_db: float) -> float:
    """The factor that a gain in dB stands for; `-inf` is 0."""
    return float(10.0 ** (level_db / 20.0))


def powers_to_db(powers: NDArray[Any]) -> NDArray[np.float64]:
    """Powers in dB, in an array of the same shape; 0 is `-inf`."""
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(powers.astype(np.float64)))
