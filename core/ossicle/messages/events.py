"""What a provider's answer is made of, in the order in which the vendor makes it known.

Laws: any splitting of deltas folds to the same reply; nothing comes after `Finished`; a stream
that ends without `Finished` is incomplete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ossicle.audio import AudioFormat
from ossicle.messages.usage import Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
"""Why the model stopped: done, cut at a limit, waiting for tool results, or filtered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyStarted:
    """The vendor accepted the request. Optional; first if it comes.

    Attributes:
        request_id: The vendor's id of the request, for its support.
        reply_id: The vendor's id of the reply.
        model: The model that really answers, as the vendor names it.
        server_time_s: The vendor's clock, Unix seconds (from the `Date` header), for clock skew.
    """

    request_id: str | None = None
    reply_id: str | None = None
    model: str | None = None
    server_time_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputHeard:
    """What the provider heard in one clip of the newest message; in order of the clips.

    Only vendors that transcribe what they hear can tell. It is not part of the answer.
    """

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """More written text of the answer, or of a transcription."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptDelta:
    """More of what the answer's audio says."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalDelta:
    """More of the words in which the model declines."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDelta:
    """More audio: a slice of raw PCM, cut anywhere, or one whole encoded file.

    Attributes:
        data: The bytes.
        format: What they truly are. Raw PCM must name sample rate and channels; the format of an
            encoded file is sniffed again by the core and only used in messages.
    """

    data: bytes = field(repr=False)
    format: AudioFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta:
    """More of a tool call.

    Attributes:
        index: Which call of this answer it belongs to. Some servers number all calls 0: another id
            or name at a known index begins the next call.
        id: Set once per call.
        name: Set once per call.
        arguments: A fragment of the JSON text.
    """

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceIssued:
    """The vendor keeps the answer's audio under an id. May be repeated; the last value counts.

    Attributes:
        id: The vendor's id, or `None` when only the expiry became known.
        expires_at: Unix time in seconds, by the vendor's clock; `None` when not yet known.
    """

    id: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of transcribed speech, as far as the vendor tells.

    Attributes:
        text: What is said.
        start_s: Seconds from the start of the audio.
        end_s: Seconds from the start of the audio.
        speaker: Who speaks, by the vendor's label.
        is_word: Whether it is a single word.
        confidence: From 0 to 1, or `None`.
    """

    text: str = field(repr=False)
    start_s: float | None = None
    end_s: float | None = None
    speaker: str | None = None
    is_word: bool = False
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentReported:
    """One more segment or word of a transcription."""

    segment: Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageDetected:
    """The language of the speech that was heard.

    Attributes:
        language: BCP 47 tag, or the vendor's word where it has no tag.
    """

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What the call used. May be repeated; the last one counts."""

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The answer is complete. The last event of every complete stream."""

    reason: FinishReason = "stop"


Event = (
    ReplyStarted
    | InputHeard
    | TextDelta
    | TranscriptDelta
    | RefusalDelta
    | AudioDelta
    | ToolCallDelta
    | ReferenceIssued
    | SegmentReported
    | LanguageDetected
    | UsageReported
    | Finished
)
"""Anything that a provider may yield."""
