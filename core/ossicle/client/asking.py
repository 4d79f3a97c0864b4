"""From what an application passes to a draft: audio in any shape, text, history."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import BinaryIO, cast

from ossicle.audio import AudioClip
from ossicle.errors import ConfigurationError
from ossicle.intake import IntakeLimits, load
from ossicle.messages import AudioPart, Message, Modality, Part, Task, TextPart

AudioSource = str | os.PathLike[str] | bytes | bytearray | AudioClip | BinaryIO
"""A path, encoded bytes, a clip, or a readable binary file object."""

OUTPUTS: frozenset[Modality] = frozenset({"text", "audio"})


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
    """The newest user message, text before audio; `None` when there is neither."""
    parts: list[Part] = [TextPart(text=text)] if text is not None else []
    parts += [AudioPart(clip=clip) for clip in clips]
    return Message(role="user", parts=tuple(parts)) if parts else None


def conversation_of(
    text: str | None, clips: Sequence[AudioClip], history: Sequence[Message]
) -> tuple[Message, ...]:
    """History and the newest message.

    Raises:
        ConfigurationError: There is nothing to answer.
    """
    newest = user_message(text, clips)
    if newest is not None:
        return (*history, newest)
    if history and history[-1].role in ("user", "tool"):
        return tuple(history)
    raise ConfigurationError(
        "neither text nor audio was given", fix="Give text=..., audio=..., or both."
    )


def outputs_of(task: Task, output: Iterable[str] = OUTPUTS) -> frozenset[Modality]:
    """What an answer shall be made of; fixed for `speak` and `transcribe`.

    Raises:
        ConfigurationError: Something other than text and audio is asked for.
    """
    if task != "respond":
        return frozenset({"audio"}) if task == "speak" else frozenset({"text"})
    wanted = frozenset([output] if isinstance(output, str) else output)
    if not wanted or not wanted <= OUTPUTS:
        raise ConfigurationError(
            f"output of {sorted(wanted)} is impossible",
            fix="Ask for {'text'}, {'audio'} or {'text', 'audio'}.",
        )
    return frozenset(name for name in OUTPUTS if name in wanted)
