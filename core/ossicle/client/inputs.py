"""From what an application passes to a draft: audio in any shape, text, history."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO, cast

from ossicle.audio import AudioClip
from ossicle.errors import ConfigurationError
from ossicle.intake import IntakeLimits, load
from ossicle.messages import AudioPart, Message, Part, Task, TextPart
from ossicle.pipeline.arguments import is_encodable

AudioSource = str | os.PathLike[str] | bytes | bytearray | AudioClip | BinaryIO
"""A path, encoded bytes, a clip, or a readable binary file object."""

_MISSING: dict[Task, tuple[str, str]] = {
    "respond": ("neither text nor audio was given", "Give text=..., audio=..., or both."),
    "speak": ("the text to speak is empty", "Give what is to be said."),
    "transcribe": ("no audio was given", "Give a path, bytes, an AudioClip or a binary file."),
}


def load_all(
    audio: AudioSource | Sequence[AudioSource] | None, *, limits: IntakeLimits
) -> list[AudioClip]:
    """Clips of one source or a list of them; blocking."""
    if audio is None:
        return []
    if isinstance(audio, list | tuple):
        return [load(source, limits=limits) for source in audio]
    return [load(cast("AudioSource", audio), limits=limits)]


def user_message(text: str | None, clips: Sequence[AudioClip]) -> Message | None:
    """The newest user message, text before audio; `None` when there is neither.

    A text of nothing but white space counts as none: vendors refuse it, or bill it for nothing.

    Raises:
        ConfigurationError: The text is none.
    """
    if text is not None and not isinstance(text, str):
        raise ConfigurationError(
            f"text is of type {type(text).__name__}", fix="Give text as a str."
        )
    if text is not None and not is_encodable(text):
        raise ConfigurationError(
            "text holds half of a surrogate pair, which is no character",
            fix="Decode it again from where it comes, with errors='replace'.",
        )
    parts: list[Part] = [TextPart(text=text)] if text is not None and text.strip() else []
    parts += [AudioPart(clip=clip) for clip in clips]
    return Message(role="user", parts=tuple(parts)) if parts else None


def conversation_of(
    text: str | None, clips: Sequence[AudioClip], history: Sequence[Message], *, task: Task
) -> tuple[Message, ...]:
    """History and the newest message.

    Raises:
        ConfigurationError: There is nothing to answer, to say or to write down.
    """
    newest = user_message(text, clips)
    if newest is not None:
        return (*history, newest)
    if history and history[-1].role in ("user", "tool"):
        return tuple(history)
    missing, fix = _MISSING[task]
    raise ConfigurationError(missing, fix=fix)
