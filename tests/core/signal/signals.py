"""Signals with known figures for the tests of this folder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def sine(
    frequency_hz: float,
    *,
    level_dbfs: float = -20.0,
    duration_s: float = 1.0,
    sample_rate: int = 48_000,
    channels: int = 1,
    phase_degrees: float = 0.0,
) -> Samples:
    """A sine whose amplitude is `level_dbfs`, the same in all channels."""
    time = np.arange(round(duration_s * sample_rate)) / sample_rate
    angle = 2.0 * np.pi * frequency_hz * time + np.radians(phase_degrees)
    wave = 10.0 ** (level_dbfs / 20.0) * np.sin(angle)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def noise(
    *,
    level_dbfs: float = -20.0,
    duration_s: float = 1.0,
    sample_rate: int = 24_000,
    channels: int = 1,
    seed: int = 0,
) -> Samples:
    """White noise with this RMS."""
    frames = round(duration_s * sample_rate)
    values = np.random.default_rng(seed).standard_normal((frames, channels))
    return np.asarray(values * 10.0 ** (level_dbfs / 20.0), np.float32)


def silence(duration_s: float = 1.0, *, sample_rate: int = 24_000, channels: int = 1) -> Samples:
    """Digital silence."""
    return np.zeros((round(duration_s * sample_rate), channels), np.float32)
