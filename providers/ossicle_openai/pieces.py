"""Several answers of the vendor reported as one: usage added up, started and finished once."""

from __future__ import annotations

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import MalformedAudioError
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    ReplyStarted,
    TextDelta,
    TranscriptDelta,
    Usage,
    UsageReported,
)
from ossicle.messages.events import FinishReason
from ossicle_openai.errors import FAILURES


class JoinedPieces:
    """Passes on the events of the pieces of one call.

    Args:
        count: How many pieces there are; `None` when that is not known to be one.
    """

    def __init__(self, *, count: int | None) -> None:
        self._is_single = count == 1
        self._has_started = False
        self._total: Usage | None = None
        self._piece: Usage | None = None
        self._reason: FinishReason = "stop"
        self._last = ""
        self._is_new = False

    def take(self, event: Event) -> list[Event]:
        """What becomes of one event of a piece."""
        match event:
            case ReplyStarted():
                # The pieces' ids differ; the first piece's stand for all.
                if self._has_started and not self._is_single:
                    return []
                self._has_started = True
            case UsageReported(usage=usage):
                self._piece = usage
                return []
            case Finished(reason=reason):
                if reason != "stop":
                    self._reason = reason
                return []
            case TextDelta(text=text) | TranscriptDelta(text=text):
                joint = self._joint(text)
                return [type(event)(text=joint), event] if joint else [event]
            case AudioDelta() if not self._is_single:
                return [_raw(event)]
        return [event]

    def next_piece(self) -> None:
        """One piece is complete."""
        if self._piece is not None:
            self._total = self._piece if self._total is None else self._total + self._piece
        self._piece = None
        self._is_new = True

    def finish(self) -> list[Event]:
        """The events that end the call; `next_piece` was called after the last piece."""
        usage: list[Event] = [] if self._total is None else [UsageReported(usage=self._total)]
        return [*usage, Finished(reason=self._reason)]

    def _joint(self, text: str) -> str:
        """What belongs between the texts of two pieces: a space, where the script has them."""
        last, first = self._last, text[:1]
        is_joint = self._is_new and last and first
        self._is_new, self._last = False, text[-1:] or last
        if not is_joint or last.isspace() or first.isspace() or (last > "⺀" and first > "⺀"):
            return ""
        return " "


def _raw(event: AudioDelta) -> AudioDelta:
    """The samples of an event alone: files do not join, samples do."""
    if event.format.container == "raw":
        return event
    try:
        clip = AudioClip.from_bytes(event.data)
    except MalformedAudioError as error:
        raise FAILURES.invalid_reply("a piece of the speech is not audio") from error
    facts, form = clip.facts, clip.format
    if form.container != "wav" or not form.is_pcm or facts.data_offset is None:
        raise FAILURES.invalid_reply(
            f"a piece of the speech came as {form.name}, which cannot be joined to the others",
            fix="Speak shorter texts at this endpoint.",
        )
    end = facts.data_offset + (facts.data_bytes or 0)
    return AudioDelta(
        data=event.data[facts.data_offset : end],
        format=AudioFormat(
            container="raw",
            encoding=form.encoding,
            sample_rate=form.sample_rate,
            channels=form.channels,
        ),
    )
