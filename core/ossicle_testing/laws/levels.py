"""Louder in, louder out, by as much."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ossicle.abc import BlockTransform
from ossicle.signal import Samples
from ossicle_testing.laws.cutting import Flushing, passed_through


def gain_commutes(
    level: Callable[[Samples], float],
    samples: Samples,
    gain_db: float,
    *,
    tolerance_db: float = 0.01,
) -> None:
    """A level of amplified samples is the level of the samples plus the gain.

    Digital silence, `-inf`, stays what it is. Where the gain moves something across a gate or
    below what single precision holds, no such law is promised: keep to levels that matter.

    Args:
        level: Returns a level in dB of some kind.
        samples: Shape `(frames, channels)`.
        gain_db: By how much they are amplified; full scale is no bound here.
        tolerance_db: How far the two may lie apart.

    Raises:
        AssertionError: They lie further apart.
    """
    before = level(samples)
    after = level(samples * np.float32(10.0 ** (gain_db / 20.0)))
    if before == after == -math.inf:
        return
    if not abs(after - before - gain_db) <= tolerance_db:
        raise AssertionError(f"a gain of {gain_db} dB moved the level from {before} to {after} dB")


def transform_keeps_gain(
    start: Callable[[], BlockTransform | Flushing],
    samples: Samples,
    gain_db: float,
    *,
    max_error: float = 1e-6,
) -> None:
    """A linear transform of amplified samples gives its samples, amplified.

    Args:
        start: Begins a fresh stream.
        samples: Shape `(frames, channels)`.
        gain_db: By how much they are amplified.
        max_error: How far two samples may lie apart, relative to the amplified full scale.

    Raises:
        AssertionError: They lie further apart, or there are more or fewer of them.
    """
    gain = np.float32(10.0 ** (gain_db / 20.0))
    expected = passed_through(start(), [samples]) * gain
    near(passed_through(start(), [samples * gain]), expected, max_error=max_error * float(gain))


def near(found: Samples, expected: Samples, *, max_error: float) -> None:
    """Raise unless two arrays have one shape and no two samples lie further apart."""
    if found.shape != expected.shape:
        raise AssertionError(f"the shape is {found.shape} instead of {expected.shape}")
    apart = np.nan_to_num(np.abs(found.astype(np.float64) - expected), nan=np.inf)
    is_off = apart.max(axis=1, initial=0.0) > max_error
    if is_off.any():
        frame = int(np.argmax(is_off))
        raise AssertionError(
            f"frame {frame} is off by {apart[frame].max():.3g}, allowed are {max_error:.3g}; "
            f"{int(is_off.sum())} of {len(is_off)} frames are"
        )
