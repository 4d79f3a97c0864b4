"""Messages and the parts they are made of, in no provider's dialect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, field_serializer

from ossicle.audio import AudioClip
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


Modality = Literal["text", "audio"]
"""What a message part or an answer is made of."""

Task = Literal["respond", "speak", "transcribe"]
"""`respond`: a chat model hears and/or speaks. `speak`: text to audio, verbatim.
`transcribe`: audio to text."""


class ModalityRow(Value):
    """One allowed combination of inputs and outputs.

    Attributes:
        name: Short name, such as `audio_to_both`.
        inputs: What the newest user message holds.
        outputs: What the answer is made of.
    """

    name: str
    inputs: frozenset[Modality]
    outputs: frozenset[Modality]

    def fits(self, inputs: Iterable[Modality], outputs: Iterable[Modality]) -> bool:
        """Whether exactly these inputs and outputs are this row."""
        return self.inputs == frozenset(inputs) and self.outputs == frozenset(outputs)

    @field_serializer("inputs", "outputs")
    def _sorted(self, value: frozenset[Modality]) -> list[Modality]:
        return sorted(value)

    def __str__(self) -> str:
        """For people: `text+audio → text`."""
        return f"{_words(self.inputs)} → {_words(self.outputs)}"


def _words(modalities: Iterable[Modality]) -> str:
    return "+".join(sorted(modalities, reverse=True))


def _row(name: str, inputs: tuple[Modality, ...], outputs: tuple[Modality, ...]) -> ModalityRow:
    return ModalityRow(name=name, inputs=frozenset(inputs), outputs=frozenset(outputs))


TEXT_TO_AUDIO = _row("text_to_audio", ("text",), ("text", "audio"))
"""Text in, text and audio out."""
AUDIO_TO_BOTH = _row("audio_to_both", ("audio",), ("text", "audio"))
"""Audio in, text and audio out."""
AUDIO_TO_TEXT = _row("audio_to_text", ("audio",), ("text",))
"""Audio in, text out."""
MIXED_TO_BOTH = _row("mixed_to_both", ("text", "audio"), ("text", "audio"))
"""Text and audio in, text and audio out."""
MIXED_TO_TEXT = _row("mixed_to_text", ("text", "audio"), ("text",))
"""Text and audio in, text out."""
TEXT_TO_TEXT = _row("text_to_text", ("text",), ("text",))
"""Text in, text out."""
SPEAK = _row("speak", ("text",), ("audio",))
"""Text in, the same words spoken."""
TRANSCRIBE = _row("transcribe", ("audio",), ("text",))
"""Audio in, its words out."""

CHAT_AUDIO_ROWS: tuple[ModalityRow, ...] = (
    TEXT_TO_AUDIO,
    AUDIO_TO_BOTH,
    AUDIO_TO_TEXT,
    MIXED_TO_BOTH,
    MIXED_TO_TEXT,
)
"""The five combinations of a chat-audio model. Text to text is none of them: such models refuse it.
Source: OpenAI "Audio generation" guide; reply of gpt-audio to text-only input, 2026-10-04."""
