"""When a failed attempt is repeated, after how long, and how many repeats all calls share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ossicle.errors import ConfigurationError, OssicleError, ProviderError
from ossicle.policy.outcome import Outcome

_WAIT_WITHOUT_DEADLINE_S = 120.0
"""How long a Retry-After may be where neither a deadline nor a setting says otherwise.
Source: the OpenAI Python SDK 3.54 obeys up to 120 s and gives up above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How failed attempts are repeated.

    Attributes:
        attempts: Tries in all, the first included; 1 repeats nothing.
        base_s: Upper end of the first pause; it doubles with each repeat.
        cap_s: Upper end of any pause.
        on_ambiguous: What to do when an attempt may have been executed and billed: `raise` (the
            default) or `repeat`, which may pay twice.
        max_retry_after_s: Longer waits that a vendor asks for fail at once; `None`: whatever fits
            the deadline, and 120 s where there is none.

    Raises:
        ConfigurationError: A value is out of range.
    """

    attempts: int = 3
    base_s: float = 0.5
    cap_s: float = 8.0
    on_ambiguous: Literal["raise", "repeat"] = "raise"
    max_retry_after_s: float | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigurationError(f"attempts is {self.attempts}", fix="Use 1 or more.")
        for name in ("base_s", "cap_s", "max_retry_after_s"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name} is {value}", fix="Use 0 or more seconds.")
        if self.on_ambiguous not in ("raise", "repeat"):
            raise ConfigurationError(
                f"on_ambiguous is {self.on_ambiguous!r}", fix='Use "raise" or "repeat".'
            )

    def allows(self, error: OssicleError, outcome: Outcome, *, attempts_made: int) -> bool:
        """Whether an attempt that delivered nothing and ended so may be repeated at all."""
        if attempts_made >= self.attempts:
            return False
        if outcome == "clean":
            return error.retryable
        return (
            outcome == "ambiguous"
            and self.on_ambiguous == "repeat"
            and isinstance(error, ProviderError)
        )

    def pause_s(
        self, *, repeat: int, draw: float, retry_after_s: float | None, remaining_s: float | None
    ) -> float | None:
        """Seconds to wait before a repeat, or `None` when it cannot be in time.

        What the vendor asks for is obeyed exactly. Else the pause is drawn evenly from 0 to
        `min(cap_s, base_s · 2^(repeat-1))` ("full jitter"), so that callers who failed together
        do not come back together.

        Args:
            repeat: 1 for the first repeat.
            draw: Random, from 0 to 1.
            retry_after_s: What the vendor asks for; `None` or 0 when it does not.
            remaining_s: Seconds to the caller's deadline, or `None`.

        Source:
            AWS Architecture Blog, "Exponential Backoff And Jitter", 2015.
        """
        if retry_after_s is not None and retry_after_s > 0:
            pause = retry_after_s
            longest = self.max_retry_after_s
            if longest is None and remaining_s is None:
                longest = _WAIT_WITHOUT_DEADLINE_S
            if not pause <= (math.inf if longest is None else longest):
                return None
        else:
            pause = draw * min(self.cap_s, self.base_s * 2.0 ** min(repeat - 1, 1000))
        return pause if remaining_s is None or pause < remaining_s else None
