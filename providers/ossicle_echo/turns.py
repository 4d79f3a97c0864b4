"""From the messages of a request to the turns that the brain knows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ossicle.messages import AudioPart, AudioReference, Message, Request, TextPart, ToolResultPart

from .brain import Turn
from .hearing import hear
from .models import TOKENS_PER_S_IN
from .references import KeptAudio, ReferenceShelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """A request as the echo understood it.

    Attributes:
        turns: One for each message.
        text_tokens: Words written in the request, instructions included.
        audio_tokens: For the seconds of all its clips and references.
        heard: What the clips of the newest message say.
    """

    turns: tuple[Turn, ...]
    text_tokens: int
    audio_tokens: int
    heard: tuple[str, ...]


def find_references(request: Request, shelf: ReferenceShelf) -> dict[str, KeptAudio]:
    """The audio of every reference in the request, by id.

    Raises:
        AudioReferenceNotFoundError: One has expired or was never issued.
    """
    return {
        part.id: shelf.find(part.id, message_index=index)
        for index, message in enumerate(request.messages)
        for part in message.parts
        if isinstance(part, AudioReference)
    }


def understand(request: Request, kept: dict[str, KeptAudio]) -> Understanding:
    """Listen to all clips of a request; costs CPU time and belongs in a thread.

    Raises:
        RequestRefusedError: The tones of a clip arrived damaged.
        UnsupportedFormatError: A clip is not 16-bit PCM.
    """
    heard = [_understand_message(message, kept) for message in request.messages]
    written = [part for message in request.messages for part in _written(message)]
    audio_s = sum(duration_s for _, duration_s, _ in heard)
    return Understanding(
        turns=tuple(turn for turn, _, _ in heard),
        text_tokens=count_words(*written, request.instructions or ""),
        audio_tokens=count_tokens(audio_s, TOKENS_PER_S_IN),
        heard=heard[-1][2],
    )


def count_words(*texts: str) -> int:
    """Text tokens: words between white space."""
    return sum(len(text.split()) for text in texts)


def count_tokens(duration_s: float, tokens_per_s: int) -> int:
    """Audio tokens: those begun count."""
    # Rounding first keeps 0.1 s × 10 from counting as two.
    return math.ceil(round(duration_s * tokens_per_s, 6))


def _written(message: Message) -> Sequence[str]:
    return [
        part.text if isinstance(part, TextPart) else part.content
        for part in message.parts
        if isinstance(part, TextPart | ToolResultPart)
    ]


def _understand_message(
    message: Message, kept: dict[str, KeptAudio]
) -> tuple[Turn, float, tuple[str, ...]]:
    """The turn, the seconds of audio in it, and what its clips say."""
    texts: list[str] = []
    spoken: list[str] = []
    other_s = audio_s = 0.0
    for part in message.parts:
        match part:
            case TextPart():
                texts.append(part.text)
            case ToolResultPart():
                texts.append(f"failed: {part.content}" if part.is_error else part.content)
            case AudioPart():
                heard = hear(part.clip)
                texts.append(heard.text)
                spoken.append(heard.text)
                other_s += heard.other_s
                audio_s += heard.duration_s
            case AudioReference():
                # The text beside a reference is what the same audio says.
                texts = [kept[part.id].text]
                audio_s += kept[part.id].duration_s
    text = " ".join(filter(None, texts))
    return Turn(role=message.role, text=text, other_s=other_s), audio_s, tuple(spoken)
