"""The three stages of a cascade, as anyone may implement them.

A stage may say more of itself than its protocol asks for:

- `is_billed = True`: a vendor bills what it does. Once such a stage has worked, nothing is asked
  again by itself, neither the cascade nor another model.
- `cost`: what its work for this request has cost, a `Cost`; `None`: nobody knows. Where every
  billed stage that has worked says it, the cascade knows what its answer cost.
- `max_text_chars`: more characters a synthesizer is never given at once.
- `for_request(request)`: the same stage for one request, see `PerRequest`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from ossicle.abc import AudioInput
from ossicle.audio import AudioClip, AudioFormat
from ossicle.messages import (
    Cost,
    Finished,
    Message,
    RefusalDelta,
    Request,
    Segment,
    Tool,
    ToolCall,
    ToolChoice,
)
from ossicle.messages.events import FinishReason

Piece = str | ToolCall | RefusalDelta | Finished
"""What an answer is made of: text cut anywhere, tool calls, words in which it is declined, and at
the end, where it is not `stop`, the reason to finish."""

_BADNESS: dict[FinishReason, int] = {"stop": 0, "tool_calls": 1, "length": 2, "content_filter": 3}


def worst(first: FinishReason, second: FinishReason) -> FinishReason:
    """Of two reasons to finish the one that a caller has to know."""
    return first if _BADNESS[first] >= _BADNESS[second] else second


@runtime_checkable
class PerRequest(Protocol):
    """A stage that takes more of a request than the arguments of its method."""

    def for_request(self, request: Request) -> Self:
        """The same stage for one request, with its temperature, seed, language and deadline.

        For a task that is this stage's own (`transcribe`, `speak`), with `instructions` and
        `max_output_tokens` as well. A stage without this method is not asked for any of them: the
        cascade refuses a request that has a setting for it.

        Raises:
            UnsupportedFeatureError: It cannot take what the request asks.
        """
        ...


def is_billed(stage: object) -> bool:
    """Whether a vendor bills what a stage does, as far as it says."""
    return getattr(stage, "is_billed", False) is True


def cost_of_stage(stage: object) -> Cost | None:
    """What the work of a stage has cost, as far as it says."""
    cost = getattr(stage, "cost", None)
    return cost if isinstance(cost, Cost) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard in one clip.

    Attributes:
        text: The words; empty when nobody speaks.
        language: BCP 47 tag of the speech, or `None` when not known.
        segments: Stretches of it with times, where the recogniser tells.
        finish_reason: Why it ends; other than `stop`, this is not all that was said.
    """

    text: str
    language: str | None = None
    segments: tuple[Segment, ...] = ()
    finish_reason: FinishReason = "stop"


class Recognizer(Protocol):
    """Turns speech into text."""

    @property
    def audio_input(self) -> AudioInput:
        """What audio it takes."""
        ...

    @property
    def languages(self) -> tuple[str, ...] | None:
        """BCP 47 tags of the speech it understands, or `None` when not known."""
        ...

    async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
        """What is said in a clip.

        The cascade guarantees: the clip is in a format of `audio_input`.
        The implementer guarantees: nothing blocks the event loop; cancellation is obeyed soon;
        calls may run at the same time.

        Args:
            clip: Encoded audio.
            language: BCP 47 tag of the speech, or `None` to find out.
        """
        ...

    async def aclose(self) -> None:
        """Free every resource; calling it twice is harmless."""
        ...


class LanguageModel(Protocol):
    """Turns what was said so far into an answer."""

    @property
    def supports_tools(self) -> bool:
        """Whether it can ask for tool calls."""
        ...

    @property
    def supports_instructions(self) -> bool:
        """Whether it takes instructions."""
        ...

    def think(
        self,
        messages: Sequence[Message],
        *,
        instructions: str | None,
        tools: Sequence[Tool],
        tool_choice: ToolChoice | None,
        max_output_tokens: int | None,
    ) -> AsyncIterator[Piece]:
        """The answer in pieces: text cut anywhere, tool calls, a refusal, the reason to finish.

        The cascade guarantees: messages hold text, tool calls and tool results only, what was
        spoken being there as its transcript; the newest message is the last; the iterator is
        closed on every path.
        The implementer guarantees: nothing blocks the event loop; cancellation passes through;
        calls may run at the same time.

        Args:
            messages: History first, the newest message last.
            instructions: How to behave, or `None`.
            tools: What may be called.
            tool_choice: Whether a tool may, must not or must be called; `None`: may.
            max_output_tokens: Upper bound of the answer; the cascade cuts a longer one.
        """
        ...

    async def aclose(self) -> None:
        """Free every resource; calling it twice is harmless."""
        ...


class Synthesizer(Protocol):
    """Turns text into speech."""

    @property
    def format(self) -> AudioFormat:
        """What `speak` yields: raw `pcm_s16le` with its rate and channels."""
        ...

    @property
    def voices(self) -> tuple[str, ...] | None:
        """Names of its voices, or `None` for a list that only the vendor knows."""
        ...

    @property
    def default_voice(self) -> str | None:
        """The voice used when none is named."""
        ...

    @property
    def languages(self) -> tuple[str, ...] | None:
        """BCP 47 tags of what it speaks, or `None` when not known."""
        ...

    def speak(
        self, text: str, *, voice: str | None, speed: float
    ) -> AsyncIterator[bytes | Finished]:
        """The text as raw samples in `format`, cut anywhere.

        Where it was not spoken to its end, the reason to finish comes last.

        The cascade guarantees: the text is one sentence, or a piece of a very long one, and not
        blank; the iterator is closed on every path.
        The implementer guarantees: nothing blocks the event loop; cancellation is obeyed soon;
        calls may run at the same time; text that cannot be pronounced yields nothing.

        Args:
            text: What to say, verbatim.
            voice: Name of a voice, or `None` for the default one.
            speed: 1.0 is the voice's own pace, 2.0 twice as fast; from 0.5 to 2.0.

        Raises:
            UnknownVoiceError: There is no such voice.
        """
        ...

    async def aclose(self) -> None:
        """Free every resource; calling it twice is harmless."""
        ...
