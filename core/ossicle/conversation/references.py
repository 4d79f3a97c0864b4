"""Whether an audio id surely lives, by the vendor's clock; and what that clock says."""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.abc import Capabilities
from ossicle.messages import AudioReference

MAX_SKEW_S = 600.0
"""How far the clocks of two machines that ask for the time now and then may be apart."""


class Liveness:
    """Judges the audio ids of a history for one call.

    Args:
        capabilities: Of the model that is asked.
        now_s: Unix seconds by this machine's clock.
        skew_s: Seconds by which the vendor's clock is ahead; `None`: not known.
        margin_s: Seconds for which an id must live on.
    """

    def __init__(
        self, capabilities: Capabilities, *, now_s: float, skew_s: float | None, margin_s: float
    ) -> None:
        self._capabilities = capabilities
        self._skew_s = MAX_SKEW_S if skew_s is None else skew_s
        self._dead_before_s = now_s + self._skew_s + margin_s

    def live(self, reference: AudioReference) -> AudioReference | None:
        """The id with its expiry by this machine's clock, or `None` if it may be dead.

        An id without a known expiry is not used: nobody can tell whether it lives.
        """
        if not self._capabilities.audio_references:
            return None
        if reference.provider != self._capabilities.provider or reference.expires_at is None:
            return None
        if reference.expires_at <= self._dead_before_s:
            return None
        expires_at = reference.expires_at - self._skew_s
        return reference.model_copy(update={"expires_at": expires_at})


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

    def skew_now_s(self, *, wall_s: float, monotonic_s: float) -> float:
        """Seconds by which the vendor's clock is ahead of the wall clock now, at most."""
        return max(self.skew_s, monotonic_s + self.ahead_s - wall_s)
