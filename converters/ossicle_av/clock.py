"""Keeps the container's clock: where time stamps leap, silence stands for what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ossicle.audio import Hole
from ossicle_av.samples import Silence

_LEAST_S = 0.1
"""Shorter leaps are how coarsely a container counts, or how unevenly it was written."""
_MOST_S = 600.0
"""Silence that all holes of a clip may give; beyond, a stamp is damage or an attack."""


def timed(frames: Iterator[Any], holes: list[Hole], *, start_s: float) -> Iterator[Any]:
    """The frames, with a `Silence` where the next one is later than the last one's end.

    What is early is not cut: stamps that come in bunches catch up again.

    Args:
        frames: As decoded, with time stamps.
        holes: Each hole is added; also one too long to be filled.
        start_s: Of the first frame on the file's clock.
    """
    origin: float | None = None
    given = 0
    left_s = _MOST_S
    for frame in frames:
        stamp_s = None if frame.pts is None else float(frame.pts * frame.time_base)
        if stamp_s is not None:
            expected_s = given / frame.sample_rate
            if origin is None:
                origin = float(stamp_s - expected_s)
            late_s = stamp_s - origin - expected_s
            if late_s > _LEAST_S:
                at_s = start_s + given / frame.sample_rate
                holes.append(Hole(start_s=at_s, duration_s=late_s))
                if late_s <= left_s:
                    left_s -= late_s
                    silence = Silence(round(late_s * frame.sample_rate), frame)
                    given += silence.samples
                    yield silence
                else:
                    origin += late_s  # not filled: what follows is early by this
        given += frame.samples
        yield frame
