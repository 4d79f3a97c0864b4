"""What a vendor's clock says, by which its audio ids die."""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.pipeline.history import MAX_SKEW_S


@dataclass(slots=True)
class ServerClock:
    """What one vendor's clock says, as far as its answers told.

    Both of our clocks are asked and the later result counts: the wall clock may be set back, and
    the monotonic one stands still while the machine sleeps.

    Attributes:
        skew_s: Seconds by which the vendor's clock was ahead of the wall clock.
        ahead_s: Seconds by which it was ahead of the monotonic clock.
    """

    skew_s: float
    ahead_s: float

    @classmethod
    def seen(cls, server_time_s: float, *, wall_s: float, monotonic_s: float) -> ServerClock:
        """What an answer that came just now tells."""
        return cls(skew_s=server_time_s - wall_s, ahead_s=server_time_s - monotonic_s)

    def skew_now_s(self, *, wall_s: float, monotonic_s: float) -> float | None:
        """Seconds by which the vendor's clock is ahead of the wall clock now, at most.

        `None`: what was seen is no clock. One that is behind by more than clocks are is a date that
        a proxy kept, and to believe it would bring the dead back to life.
        """
        found = max(self.skew_s, monotonic_s + self.ahead_s - wall_s)
        return None if found < -MAX_SKEW_S else found
