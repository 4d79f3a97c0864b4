"""Clocks that stand, jump and disagree."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from ossicle_testing.short_repr import ShortRepr
from ossicle_testing.vendors.clock import ManualClock

START_S = 1_795_348_800.0
"""2026-11-22 12:00 UTC, in Unix seconds."""

_STEPS_S = (0.0, 1.0, 60.0, 3599.0, 3600.0, 3601.0, 86_400.0)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SkewedClocks(ShortRepr):
    """Our clock and a vendor's, which runs ahead by `skew_s` and moves along.

    Attributes:
        ours: What our side asks.
        skew_s: By how much the vendor is ahead; negative: behind.
    """

    ours: ManualClock
    skew_s: float

    def vendors(self) -> float:
        """What the vendor's clock shows, in Unix seconds."""
        return self.ours() + self.skew_s


def skews(*, max_s: float = 86_400.0) -> st.SearchStrategy[float]:
    """Seconds by which another clock is ahead or behind; the simplest is none."""
    usual = [step for step in _STEPS_S if step <= max_s]
    return st.sampled_from([*usual, *(-step for step in usual[1:])]) | st.integers(
        -int(max_s), int(max_s)
    ).map(float)


def clocks() -> st.SearchStrategy[ManualClock]:
    """Clocks that stand still until moved, at any moment from 1970 to 2100."""
    return st.builds(ManualClock, st.just(START_S) | st.integers(0, 4_102_444_800).map(float))


def skewed_clocks(*, max_s: float = 86_400.0) -> st.SearchStrategy[SkewedClocks]:
    """Two clocks that disagree by at most `max_s`."""
    return st.builds(SkewedClocks, ours=clocks(), skew_s=skews(max_s=max_s))


def clock_steps(
    *, max_steps: int = 8, allow_backwards: bool = True
) -> st.SearchStrategy[list[float]]:
    """Seconds to advance a clock by, one after the other; wall clocks are set back at times."""
    step = st.sampled_from(_STEPS_S) | st.floats(0, 1e6, allow_nan=False)
    if allow_backwards:
        step |= st.sampled_from((-1.0, -3600.0))
    return st.lists(step, max_size=max_steps)
