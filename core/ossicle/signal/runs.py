"""Runs of true values, and marks of where something is in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Marks = tuple[tuple[float, float], ...]
"""Pairs of start and end in seconds, in order."""

MAX_MARKS = 200
"""More of one kind tell a reader nothing new."""


def runs(flags: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each run of true values starts, and where it has ended."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return edges[::2], edges[1::2]


def filled(
    length: int, starts: NDArray[np.intp], ends: NDArray[np.intp], *, gap: int = 0
) -> NDArray[np.bool_]:
    """Flags of these runs, joined where no more than `gap` positions part them."""
    is_apart = starts[1:] - ends[:-1] > gap
    starts = starts[np.concatenate([[True], is_apart])] if len(starts) else starts
    ends = ends[np.concatenate([is_apart, [True]])] if len(ends) else ends
    change = np.zeros(length + 1, np.int64)
    change[starts] += 1
    change[ends] -= 1
    return np.cumsum(change)[:length] > 0


def without_short(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """The flags without runs of fewer than `shortest` positions."""
    starts, ends = runs(flags)
    kept = ends - starts >= shortest
    return filled(len(flags), starts[kept], ends[kept])


def marks_of(
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
    *,
    step_s: float,
    limit: int | None = MAX_MARKS,
) -> Marks:
    """Runs in steps of `step_s` seconds as marks, at most `limit`."""
    pairs = list(zip(starts.tolist(), ends.tolist(), strict=True))[:limit]
    return tuple((start * step_s, end * step_s) for start, end in pairs)
