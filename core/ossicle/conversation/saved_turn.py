"""A turn as it is stored, and as it is to be stored: with its sound, or without."""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio import AudioClip
from ossicle.conversation.document import dumps, write_turn
from ossicle.conversation.retention import RetentionPolicy
from ossicle.conversation.turn import Turn
from ossicle.storage import StoredConversation, StoredTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A turn as it is stored.

    Attributes:
        turn: What it says.
        has_audio: Whether its sound is stored with it.
        audio_until: When that may go; `None`: not yet known.
    """

    turn: Turn
    has_audio: bool
    audio_until: float | None = None

    def is_stored_as(self, known: Saved) -> bool:
        """Whether nothing has to be written; turns are frozen, one that changed is another."""
        return self.turn is known.turn and (self.has_audio, self.audio_until) == (
            known.has_audio,
            known.audio_until,
        )

    def is_over(self, now_s: float) -> bool:
        """Whether the time of its sound has passed: any cleaning may have taken it since."""
        # A turn under way is no idle time; when it has ended it is written with a time of its own.
        is_due = self.audio_until is not None and self.audio_until <= now_s
        return self.has_audio and is_due and self.turn.state != "pending"

    def silenced(self) -> Saved:
        """The same without its sound; what is just being heard stays in memory."""
        turn = self.turn if self.turn.state == "pending" else self.turn.without_sound()
        return Saved(turn=turn, has_audio=False)


def wanted_as(
    retention: RetentionPolicy, turn: Turn, known: Saved | None, *, is_needed: bool, now_s: float
) -> Saved:
    """How a turn is to be stored now."""
    if retention.level != "audio" or not turn.clips:
        return Saved(turn=turn, has_audio=False)
    if known is not None and known.turn.id != turn.id:
        known = None
    before = None if known is None else known.audio_until
    until = retention.audio_until(is_needed=is_needed, known=before, now_s=now_s)
    wanted = Saved(turn=turn, has_audio=True, audio_until=until)
    is_over = until is not None and until <= now_s
    # Once its time has passed it may have been deleted, whatever would be wanted now.
    has_gone = known is not None and (
        known.is_over(now_s) or (known.turn is turn and not known.has_audio)
    )
    return wanted.silenced() if is_over or has_gone else wanted


def row_of(index: int, wanted: Saved) -> tuple[StoredTurn, dict[str, AudioClip]]:
    """A turn as a store takes it, and its clips by digest."""
    data, clips = write_turn(wanted.turn)
    if not wanted.has_audio:
        clips = {}
    row = StoredTurn(
        index=index,
        document=dumps(data),
        blobs=tuple(clips),
        blobs_until=wanted.audio_until if clips else None,
    )
    return row, clips


def is_held(found: StoredConversation, row: StoredTurn) -> bool:
    """Whether a turn is stored; a cleaning may have taken its sound since."""
    return any(
        (one.index, one.document, one.blobs_until) == (row.index, row.document, row.blobs_until)
        and one.blobs in (row.blobs, ())
        for one in found.turns
    )
