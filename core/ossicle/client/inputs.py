"""From what an application passes to a request: audio in any shape, text, history."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from anyio import from_thread, to_thread

from ossicle.audio import AudioClip
from ossicle.audio.file_objects import read_to_end
from ossicle.audio.sample_source import rate_and_samples
from ossicle.client.loop import is_private_loop
from ossicle.errors import ConfigurationError
from ossicle.intake import IntakeLimits, load
from ossicle.messages import AudioPart, Message, Part, Task, TextPart
from ossicle.pipeline import AudioSource
from ossicle.pipeline.call_request import is_encodable

_MISSING: dict[Task, tuple[str, str]] = {
    "respond": ("neither text nor audio was given", "Give text=..., audio=..., or both."),
    "speak": ("the text to speak is empty", "Give what is to be said."),
    "transcribe": ("no audio was given", "Give a path, bytes, an AudioClip or a binary file."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInputs:
    """What is said in a call.

    Attributes:
        text: What is written, or `None`.
        audio: What is spoken, or `None`.
        history: Earlier messages, oldest first.
    """

    text: str | None = None
    audio: AudioSource | Sequence[AudioSource] | None = None
    history: Sequence[Message] = ()

    async def messages(self, task: Task, *, limits: IntakeLimits) -> tuple[Message, ...]:
        """History and the newest message, with its audio loaded.

        Raises:
            ConfigurationError: There is nothing to answer, to say or to write down.
            AudioError: The audio is beyond the limits or no audio.
            FileAccessError: A path cannot be read.
        """
        clips: list[AudioClip] = []
        if self.audio is not None:  # a turn of text has no business in another thread
            clips = await to_thread.run_sync(lambda: load_all(self.audio, limits=limits))
        return conversation_of(self.text, clips, self.history, task=task)


def load_all(
    audio: AudioSource | Sequence[AudioSource] | None, *, limits: IntakeLimits
) -> list[AudioClip]:
    """Clips of one source or a list of them; blocks a worker thread of the loop."""
    if audio is None:
        return []
    is_several = isinstance(audio, list | tuple) and rate_and_samples(audio) is None
    sources = cast("Sequence[AudioSource]", audio if is_several else [audio])
    return [_load(source, limits) for source in sources]


def _load(source: AudioSource, limits: IntakeLimits) -> AudioClip:
    if not isinstance(source, AudioClip) and hasattr(source, "read"):
        # A file object bound to its caller's loop cannot be awaited on the blocking client's.
        wait = None if from_thread.run_sync(is_private_loop) else _wait
        source = read_to_end(source, max_bytes=limits.encoded_bytes, wait=wait)
    return load(source, limits=limits)


def _wait(result: Awaitable[Any]) -> Any:
    async def awaited() -> Any:
        return await result

    return from_thread.run(awaited)


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
