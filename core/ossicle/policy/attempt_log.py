"""What happened at the provider, attempt by attempt, for the receipt."""

from __future__ import annotations

from ossicle.messages import Attempt
from ossicle.policy.outcome import Outcome


class AttemptLog:
    """The attempts of one call in order; complete once the call has ended, however it ended."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._notes: list[str] = []

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that has ended."""
        return tuple(self._attempts)

    @property
    def notes(self) -> tuple[str, ...]:
        """What else the caller should know, in words."""
        return tuple(self._notes)

    @property
    def provider_s(self) -> float:
        """Seconds that the attempts took."""
        return sum(attempt.duration_s for attempt in self._attempts)

    @property
    def waited_s(self) -> float:
        """Seconds that were waited before attempts that were made."""
        return sum(attempt.waited_s for attempt in self._attempts)

    @property
    def executions(self) -> int:
        """How many attempts were, or may have been, executed."""
        return sum(attempt.outcome != "clean" for attempt in self._attempts)

    def add(
        self,
        outcome: Outcome,
        *,
        error: str | None,
        duration_s: float,
        waited_s: float,
        request_id: str | None,
    ) -> None:
        """Book the end of an attempt."""
        self._attempts.append(
            Attempt(
                outcome=outcome,
                error=error,
                duration_s=max(duration_s, 0.0),
                waited_s=max(waited_s, 0.0),
                request_id=request_id,
            )
        )

    def note(self, text: str) -> None:
        """Add a remark."""
        self._notes.append(text)
