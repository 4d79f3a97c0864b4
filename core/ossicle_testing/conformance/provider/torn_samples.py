"""Whether samples were read at the wrong byte: shifted, or with their bytes turned around. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ossicle.signal import Samples

Wave: TypeAlias = npt.NDArray[np.float64]

_WINDOW_FRAMES, _LEAST_FRAMES, _LEAST_VALUES = 400, 100, 40
_LOUD = 0.3
"""Mean level, full scale 1; bytes that take any value have 1/2."""
_ROUGH = 0.9
"""Steps between neighbours, as a share of the level, from which a window may be noise, which has
4/3."""
_SMOOTHER = 2.0
"""How many times smoother the true reading of torn samples is. Of a pure tone, however high, the
smoothest wave of the same period is a square wave, at 0.64 of its roughness."""
_TORN_SHARE = 0.05


def is_torn(samples: Samples, *, sample_width: int) -> bool:
    """Whether another reading of the same bytes is the true one, at least in places.

    A high tone and noise have neighbours that differ like strangers too; but no matter at which
    byte one begins to read them, they do not become smooth.

    Args:
        samples: `(frames, channels)`, full scale ±1.
        sample_width: Bytes of one integer sample, 2 or 3; float32 keeps no more of them apart.
    """
    data = _written(samples, sample_width)
    channels = samples.shape[1]
    wave = _read(data, sample_width, channels)
    true = _roughness(wave)
    is_rough = (true > _ROUGH) & _is_like_noise(wave)
    if not is_rough.any():
        return False
    torn = np.zeros(len(true), dtype=bool)
    for other in _other_readings(data, sample_width):
        rough = _roughness(_read(other, sample_width, channels))
        count = min(len(rough), len(true))
        torn[:count] |= is_rough[:count] & (rough[:count] * _SMOOTHER < true[:count])
    return bool(torn.sum() > _TORN_SHARE * len(true))


def _written(samples: Samples, width: int) -> bytes:
    full = 1 << (8 * width - 1)
    whole = np.clip(np.rint(samples.astype(np.float64) * full), -full, full - 1).astype("<i8")
    return whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()


def _other_readings(data: bytes, width: int) -> Iterator[bytes]:
    yield np.frombuffer(data, np.uint8).reshape(-1, width)[:, ::-1].tobytes()
    for shift in range(1, width):
        yield data[shift : len(data) - width + shift]


def _read(data: bytes, width: int, channels: int) -> Wave:
    """The first channel."""
    count = len(data) // (width * channels)
    parts: Any = np.frombuffer(data, np.uint8)[: count * width * channels].reshape(-1, width)
    padded = np.zeros((len(parts), 4), np.uint8)
    padded[:, 4 - width :] = parts  # the sign is in the highest byte
    wave: Wave = padded.view("<i4").reshape(count, channels)[:, 0].astype(np.float64)
    return wave


def _roughness(wave: Wave) -> Wave:
    """Of each window, its mean step by its mean level; 0 for what does not move, none if short."""
    size = min(_WINDOW_FRAMES, len(wave))
    if size < _LEAST_FRAMES:
        return np.zeros(0)
    windows = _windows(wave, size)
    steps = np.abs(np.diff(windows, axis=1)).mean(axis=1)
    levels = np.abs(windows - windows.mean(axis=1, keepdims=True)).mean(axis=1)
    shares: Wave = np.divide(steps, levels, out=np.zeros_like(steps), where=levels > 0)
    return shares


def _is_like_noise(wave: Wave) -> npt.NDArray[np.bool_]:
    """Which windows are loud and hold many values, as low bytes do that are read as high ones.

    Of a few values that repeat, some reading is smooth by chance; of quiet ones too, which wrap.
    """
    size = min(_WINDOW_FRAMES, len(wave))
    if size < _LEAST_FRAMES:
        return np.zeros(0, dtype=bool)
    windows = _windows(wave, size)
    n_values = 1 + np.count_nonzero(np.diff(np.sort(windows, axis=1), axis=1), axis=1)
    is_loud = np.abs(windows).mean(axis=1) > _LOUD * (1 << 31)
    found: npt.NDArray[np.bool_] = np.logical_and(n_values > _LEAST_VALUES, is_loud)
    return found


def _windows(wave: Wave, size: int) -> Wave:
    return wave[: len(wave) // size * size].reshape(-1, size)
