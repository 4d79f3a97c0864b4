"""The modality matrix: what goes in, what comes out, as data that is checked before sending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import field_serializer

from ossicle.messages.value import Value

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
AUDIO_TO_BOTH = _row("audio_to_both", ("audio",), ("text", "audio"))
AUDIO_TO_TEXT = _row("audio_to_text", ("audio",), ("text",))
MIXED_TO_BOTH = _row("mixed_to_both", ("text", "audio"), ("text", "audio"))
MIXED_TO_TEXT = _row("mixed_to_text", ("text", "audio"), ("text",))
TEXT_TO_TEXT = _row("text_to_text", ("text",), ("text",))
SPEAK = _row("speak", ("text",), ("audio",))
TRANSCRIBE = _row("transcribe", ("audio",), ("text",))

CHAT_AUDIO_ROWS: tuple[ModalityRow, ...] = (
    TEXT_TO_AUDIO,
    AUDIO_TO_BOTH,
    AUDIO_TO_TEXT,
    MIXED_TO_BOTH,
    MIXED_TO_TEXT,
)
"""The five combinations of a chat-audio model. Text to text is none of them: such models refuse it.
Source: OpenAI "Audio generation" guide; reply of gpt-audio to text-only input, 2026-10-04."""
