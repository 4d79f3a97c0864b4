"""The audio of earlier answers, kept by id until it expires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ossicle.errors import AudioReferenceNotFoundError

from .models import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAudio:
    """An answer's audio. Its text stands for it: the sound is a function of it.

    Attributes:
        text: What it says.
        duration_s: How long it is.
        expires_at: Unix seconds after which it is gone.
    """

    text: str
    duration_s: float
    expires_at: float


class ReferenceShelf:
    """Issues ids and forgets them in time.

    Args:
        clock: The time in Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, KeptAudio] = {}

    def keep(self, reference_id: str, audio: KeptAudio) -> None:
        """Keep the audio of an answer, and drop what has expired."""
        now = self._clock()
        self._kept = {name: kept for name, kept in self._kept.items() if kept.expires_at > now}
        self._kept[reference_id] = audio

    def find(self, reference_id: str, *, message_index: int) -> KeptAudio:
        """The audio of an id.

        Raises:
            AudioReferenceNotFoundError: It has expired or was never issued.
        """
        kept = self._kept.get(reference_id)
        if kept is None or kept.expires_at <= self._clock():
            raise AudioReferenceNotFoundError(
                f"the audio id of message {message_index} is unknown or has expired",
                provider=NAME,
                reference_id=reference_id,
                message_index=message_index,
                fix="Send the answer's transcript or audio in its place.",
            )
        return kept

    def clear(self) -> None:
        """Forget everything."""
        self._kept = {}
