"""StageOptions that follow a script, for tests of the cascade."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import anyio

from ossicle.abc import AudioInput, AudioOutput, AudioProvider, Capabilities, FormatRule
from ossicle.audio import AudioClip, AudioFormat
from ossicle.cascade import Heard, Piece
from ossicle.messages import (
    SPEAK,
    TEXT_TO_TEXT,
    TRANSCRIBE,
    AudioPart,
    Event,
    Message,
    Part,
    Request,
    TextPart,
    Tool,
    ToolChoice,
)

RATE = 8000
RAW = AudioFormat.pcm(sample_rate=RATE)


def clip(text: str) -> AudioClip:
    """A tenth of a second whose bytes are the text, again and again."""
    data = (text.encode() or b"\0") * 1600
    return AudioClip.from_pcm(data[:1600], sample_rate=RATE)


@dataclass
class ScriptedHearer:
    said: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None
    closed: int = 0
    heard: list[AudioClip] = field(default_factory=list)
    audio_input = AudioInput(formats=(FormatRule(container="raw"),))
    languages: tuple[str, ...] | None = ("en",)

    async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
        await anyio.lowlevel.checkpoint()
        self.heard.append(clip)
        if self.error is not None:
            raise self.error
        return Heard(text=self.said.get(clip.digest, "hello"), language=language)

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class ScriptedThinker:
    """Yields its pieces; an exception is raised, a function is awaited."""

    pieces: Sequence[Piece | Exception | Callable[[], Awaitable[object]]] = ()
    echo: bool = False
    supports_tools = True
    supports_instructions = True
    calls: list[dict[str, object]] = field(default_factory=list)
    thought: int = 0
    closed: int = 0
    was_closed_early: bool = False

    async def think(
        self,
        messages: Sequence[Message],
        *,
        instructions: str | None,
        tools: Sequence[Tool],
        tool_choice: ToolChoice | None,
        max_output_tokens: int | None,
    ) -> AsyncIterator[Piece]:
        self.calls.append({
            "messages": tuple(messages),
            "instructions": instructions,
            "tools": tuple(tools),
            "tool_choice": tool_choice,
            "max_output_tokens": max_output_tokens,
        })  # fmt: skip
        pieces = [message.text for message in messages] if self.echo else self.pieces
        try:
            for piece in pieces:
                await anyio.lowlevel.checkpoint()
                if isinstance(piece, Exception):
                    raise piece
                if callable(piece):
                    await piece()
                    continue
                self.thought += 1
                yield piece
        except BaseException:
            self.was_closed_early = True
            raise

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class ScriptedSpeaker:
    """Says each letter as one millisecond of its own code."""

    error: Exception | None = None
    before: Callable[[str], Awaitable[object]] | None = None
    silent: frozenset[str] = frozenset()
    format: AudioFormat = RAW
    voices: tuple[str, ...] | None = ("plain", "other")
    default_voice: str | None = "plain"
    languages: tuple[str, ...] | None = ("en", "de")
    spoken: list[str] = field(default_factory=list)
    closed: int = 0

    async def speak(self, text: str, *, voice: str | None, speed: float) -> AsyncIterator[bytes]:
        await anyio.lowlevel.checkpoint()
        self.spoken.append(text)
        if self.before is not None:
            await self.before(text)
        if self.error is not None:
            raise self.error
        for letter in text:
            if letter not in self.silent:
                # Odd pieces: a slice may end within a sample.
                data = (ord(letter) % 256).to_bytes(2, "little") * (RATE // 1000)
                yield data[:3]
                yield data[3:]

    async def aclose(self) -> None:
        self.closed += 1


def request(*parts: Part | str, history: Sequence[Message] = (), **fields: object) -> Request:
    """A request whose newest user message has these parts."""
    made = tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts)
    return Request.model_validate({
        "task": "respond",
        "model": "cascade",
        "messages": (*history, Message(role="user", parts=made)),
        **fields,
    })  # fmt: skip


def spoken(text: str, *, transcript: str | None = None) -> AudioPart:
    return AudioPart(clip=clip(text), transcript=transcript)


def vendor_record(**fields: object) -> Capabilities:
    """A model that hears WAV, answers text and speaks `RAW`; fields say otherwise."""
    rule = FormatRule(
        container="raw", encodings=("pcm_s16le",), sample_rates=(RATE,), channels=(1,)
    )
    return Capabilities.model_validate({
        "provider": "vendor",
        "model": "m",
        "rows": {"respond": (TEXT_TO_TEXT,), "speak": (SPEAK,), "transcribe": (TRANSCRIBE,)},
        "audio_input": AudioInput(formats=(FormatRule(container="raw"),)),
        "audio_output": AudioOutput(whole=(rule,), streamed=(rule,)),
        "streaming": True,
        "source": "made up",
        "as_of": date(2026, 11, 26),
        **fields,
    })  # fmt: skip


@dataclass
class ScriptedVendor(AudioProvider):
    """A provider that gives what a function makes of each request; an exception is raised."""

    answer: Callable[[Request], Iterable[Event | Exception]]
    record: Capabilities = field(default_factory=vendor_record)
    asked: list[Request] = field(default_factory=list)

    def capabilities(self, model: str) -> Capabilities:
        return self.record

    async def respond(self, request: Request) -> AsyncIterator[Event]:
        await anyio.lowlevel.checkpoint()
        self.asked.append(request)
        for event in self.answer(request):
            if isinstance(event, Exception):
                raise event
            yield event

    async def aclose(self) -> None:
        pass
