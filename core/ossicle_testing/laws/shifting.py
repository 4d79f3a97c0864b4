"""Later in, later out, by as much."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ossicle.abc import BlockTransform
from ossicle.signal import Samples
from ossicle_testing.laws.cutting import Flushing, passed_through
from ossicle_testing.laws.levels import near


def transform_commutes_with_shift(
    start: Callable[[], BlockTransform | Flushing],
    samples: Samples,
    frames: int,
    *,
    frames_out: int | None = None,
    max_error: float = 1e-6,
) -> None:
    """A transform that starts at rest gives the same samples later when they come later.

    What the silence itself becomes is not looked at: filters that see ahead ring into it.

    Args:
        start: Begins a fresh stream.
        samples: Shape `(frames, channels)`.
        frames: Of silence before them.
        frames_out: How many frames that are at the transform's output; `None`: as many.
        max_error: How far two samples may lie apart.

    Raises:
        AssertionError: They lie further apart, or there are more or fewer of them.
    """
    silence = np.zeros((frames, samples.shape[1]), np.float32)
    expected = passed_through(start(), [samples])
    later = passed_through(start(), [np.concatenate([silence, samples])])
    near(later[frames if frames_out is None else frames_out :], expected, max_error=max_error)


def marks_move_with_shift(
    marks: Callable[[Samples], Sequence[tuple[float, float]]],
    samples: Samples,
    *,
    sample_rate: int,
    frames: int,
    tolerance_s: float = 0.0,
) -> None:
    """What was found in time is found later when the samples come later.

    Args:
        marks: Returns pairs of seconds.
        samples: Shape `(frames, channels)`.
        sample_rate: In Hz.
        frames: Of silence before them; a whole number of windows where the finder has windows.
        tolerance_s: How far two edges may lie apart; rounding of floats is allowed on top.

    Raises:
        AssertionError: They lie further apart, or there are more or fewer of them.
    """
    silence = np.zeros((frames, samples.shape[1]), np.float32)
    expected, found = marks(samples), marks(np.concatenate([silence, samples]))
    if len(found) != len(expected):
        raise AssertionError(f"{len(found)} marks instead of {len(expected)} after a shift")
    shift_s = frames / sample_rate
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        for before_s, after_s in zip(one, other, strict=True):
            if abs(after_s - before_s - shift_s) > tolerance_s + 1e-9:
                raise AssertionError(
                    f"mark {number} went from {before_s} s to {after_s} s, the shift is {shift_s} s"
                )
