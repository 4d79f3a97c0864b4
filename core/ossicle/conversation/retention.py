"""What of a conversation may be written down, and for how long its sound is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from pydantic import Field

from ossicle.conversation.history_policy import HistoryPolicy
from ossicle.conversation.turn import Turn
from ossicle.errors import ConfigurationError
from ossicle.messages import AudioPart, Value
from ossicle.pipeline import Retention

_LEVELS: tuple[Retention, ...] = get_args(Retention)


class RetentionPolicy(Value):
    """How much is kept, and how long.

    Attributes:
        level: `none`: nothing is written to any disk. `transcript`: words, and no sound. `audio`:
            the sound as well, while it is needed and `audio_ttl_s` longer.
        audio_ttl_s: Seconds that sound is kept beyond its need. It is needed while the history
            policy would have a model hear it on the next turn: what the user said, in the newest
            `HistoryPolicy.audio_turns` turns and wherever its words are not known; and what the
            model said, where its words are not known. The sound of a turn goes all at once.
        audio_idle_s: Seconds after the last turn at which the conversation counts as over, so that
            no sound is needed any more; `None`: it can always be gone on with.
    """

    level: Retention = "audio"
    audio_ttl_s: float = Field(default=3600.0, ge=0, allow_inf_nan=False)
    audio_idle_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def stricter(self, other: RetentionPolicy) -> RetentionPolicy:
        """Both at once: the lower level and the shorter times."""
        idle = [one for one in (self.audio_idle_s, other.audio_idle_s) if one is not None]
        is_lower = _LEVELS.index(self.level) < _LEVELS.index(other.level)
        return RetentionPolicy(
            level=self.level if is_lower else other.level,
            audio_ttl_s=min(self.audio_ttl_s, other.audio_ttl_s),
            audio_idle_s=min(idle, default=None),
        )

    def audio_until(self, *, is_needed: bool, known: float | None, now_s: float) -> float | None:
        """When the sound of a turn may go, in seconds since 1970; `None`: not yet known.

        Args:
            is_needed: Whether a model may still be made to hear it.
            known: What was found when the turn was written before.
            now_s: Now, in seconds since 1970.
        """
        if is_needed:
            return None if self.audio_idle_s is None else now_s + self.audio_idle_s
        until = now_s + self.audio_ttl_s
        return until if known is None else min(known, until)


RetentionChoice = RetentionPolicy | Literal["none", "transcript", "audio"]
"""A policy, or its level with the usual times."""


def retention_of(choice: RetentionChoice) -> RetentionPolicy:
    """The policy that is meant.

    Raises:
        ConfigurationError: There is no such level.
    """
    if isinstance(choice, RetentionPolicy):
        return choice
    if choice not in _LEVELS:
        raise ConfigurationError(
            f"there is no retention level {choice!r}", fix=f"Use one of {', '.join(_LEVELS)}."
        )
    return RetentionPolicy(level=choice)


def needs_audio(turns: Sequence[Turn], policy: HistoryPolicy) -> tuple[bool, ...]:
    """For each turn whether a model may still be made to hear its sound."""
    told = [turn.id for turn in turns if turn.state == "committed"]
    n_old = 0 if policy.audio_turns is None else max(len(told) - policy.audio_turns, 0)
    newest = frozenset(told[n_old:])
    return tuple(
        turn.state == "pending"
        or (turn.state == "committed" and _is_needed(turn, turn.id in newest))
        for turn in turns
    )


def _is_needed(turn: Turn, is_new: bool) -> bool:
    spoken = [part for part in turn.user.parts if isinstance(part, AudioPart)]
    if spoken and is_new:
        return True
    answered = [
        (part, message.text)
        for message in turn.messages[1:]
        for part in message.parts
        if isinstance(part, AudioPart)
    ]
    return any(part.transcript is None for part in spoken) or any(
        part.transcript is None and not words for part, words in answered
    )
