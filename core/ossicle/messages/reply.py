"""What a call comes back with."""

from __future__ import annotations

from ossicle.audio import AudioClip
from ossicle.messages.events import FinishReason, Segment
from ossicle.messages.parts import AudioPart, AudioReference, Message, Part, TextPart, ToolCallPart
from ossicle.messages.receipt import Receipt
from ossicle.messages.tools import ToolCall
from ossicle.messages.usage import Usage
from ossicle.messages.value import Value


class Reply(Value):
    """The whole answer of a model.

    Attributes:
        provider: Who answered.
        model: The model that answered, as the vendor names it.
        id: The vendor's id of the reply, or `None`.
        request_id: The vendor's id of the request, or `None`.
        index: Which of several choices this is; always 0 today.
        heard: What the provider heard in the newest audio, or `None` when it does not tell.
        content: Written text, or `None` when the model only spoke.
        transcript: What the audio says, or `None`.
        refusal: The words in which the model declined, or `None`.
        audio: What the model spoke, or `None`.
        reference: The vendor's id of that audio and its expiry, or `None`.
        tool_calls: What the model wants the application to do.
        finish_reason: Why it stopped.
        segments: Of a transcription, where the vendor tells.
        language: Of the speech that was heard, where the vendor tells.
        usage: As the vendor told; all `None` when it did not.
        receipt: What was changed, why, what it cost.
        server_time_s: The vendor's clock when it answered, Unix seconds, or `None`.
    """

    provider: str
    model: str
    id: str | None = None
    request_id: str | None = None
    index: int = 0
    heard: str | None = None
    content: str | None = None
    transcript: str | None = None
    refusal: str | None = None
    audio: AudioClip | None = None
    reference: AudioReference | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    segments: tuple[Segment, ...] = ()
    language: str | None = None
    usage: Usage = Usage()
    receipt: Receipt | None = None
    server_time_s: float | None = None

    @property
    def text(self) -> str:
        """What was said: the written text, else the transcript, else the refusal, else empty."""
        return self.content or self.transcript or self.refusal or ""

    @property
    def message(self) -> Message:
        """The reply as a message of the history, holding all that is known of it."""
        parts: list[Part] = []
        if self.content:
            parts.append(TextPart(text=self.content))
        if self.audio is not None:
            parts.append(AudioPart(clip=self.audio, transcript=self.transcript))
        elif self.transcript and not self.content:
            parts.append(TextPart(text=self.transcript))
        if self.reference is not None:
            parts.append(self.reference)
        if self.refusal and not parts:
            parts.append(TextPart(text=self.refusal))
        parts += [ToolCallPart(call=call) for call in self.tool_calls]
        return Message(role="assistant", parts=tuple(parts))

    def __repr__(self) -> str:
        """Sizes and ids; never what was said."""
        return (
            f"Reply({self.provider}:{self.model}, {len(self.text)} characters, "
            f"audio={self.audio!r}, finish_reason={self.finish_reason!r})"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """For notebooks: what was said, the voice, and the receipt."""
        from ossicle.messages.html import reply_html

        return reply_html(self)
