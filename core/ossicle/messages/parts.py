"""Messages and the parts they are made of, in no provider's dialect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat

from ossicle.audio import AudioClip
from ossicle.messages.modality import Modality
from ossicle.messages.tools import ToolCall
from ossicle.messages.value import Value

Role = Literal["user", "assistant", "tool"]
"""Who speaks. Instructions are no message: they stand in `Request.instructions`."""


class TextPart(Value):
    """Text that someone wrote."""

    kind: Literal["text"] = "text"
    text: str


class AudioPart(Value):
    """Audio that someone spoke.

    Attributes:
        clip: The encoded audio.
        transcript: What is said in it, if known.
    """

    kind: Literal["audio"] = "audio"
    clip: AudioClip
    transcript: str | None = None


class AudioReference(Value):
    """Audio of an earlier assistant turn, known to one vendor by an id.

    Attributes:
        provider: Who issued the id; no one else understands it.
        id: The vendor's id.
        expires_at: Unix time in seconds after which the id is dead, by the vendor's clock; `None`
            when the vendor does not say.
        transcript: What is said in it, if known.
        duration_s: Seconds of the audio, if known: it is billed again whenever it is named.
    """

    kind: Literal["audio_reference"] = "audio_reference"
    provider: str
    id: str
    expires_at: float | None = None
    transcript: str | None = None
    duration_s: NonNegativeFloat | None = Field(default=None, allow_inf_nan=False)


class ToolCallPart(Value):
    """A call that the assistant asked for."""

    kind: Literal["tool_call"] = "tool_call"
    call: ToolCall


class ToolResultPart(Value):
    """What a tool call came back with; text only, as every vendor demands.

    Attributes:
        call_id: `ToolCall.id` of the call it answers.
        content: The result as text, often JSON.
        is_error: Whether the tool failed.
    """

    kind: Literal["tool_result"] = "tool_result"
    call_id: str
    content: str
    is_error: bool = False


Part = Annotated[
    TextPart | AudioPart | AudioReference | ToolCallPart | ToolResultPart,
    Field(discriminator="kind"),
]
"""One piece of a message."""


class Message(Value):
    """What one side said in one go.

    Attributes:
        role: Who.
        parts: What, in order. Audio clips stand in user messages; references and tool calls in
            assistant messages; results in tool messages.
    """

    role: Role
    parts: tuple[Part, ...]

    @property
    def modalities(self) -> frozenset[Modality]:
        """Which of text and audio the message holds."""
        found: set[Modality] = set()
        for part in self.parts:
            if isinstance(part, TextPart | ToolResultPart):
                found.add("text")
            elif isinstance(part, AudioPart | AudioReference):
                found.add("audio")
        return frozenset(found)

    @property
    def text(self) -> str:
        """All text of the message: written parts, and transcripts of spoken ones, by line.

        A reference to sound that stands in the message as well says nothing more.
        """
        found: list[str] = []
        heard: set[str] = set()
        for part in self.parts:
            if isinstance(part, TextPart):
                found.append(part.text)
            elif isinstance(part, AudioPart) and part.transcript:
                found.append(part.transcript)
                heard.add(part.transcript)
            elif isinstance(part, AudioReference) and part.transcript:
                found += [part.transcript] if part.transcript not in heard else []
        return "\n".join(found)
