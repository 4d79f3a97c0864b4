"""How an answer leaves the echo: as text, as audio, as a tool call, and what it used."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing

from anyio import to_thread

from ossicle.errors import UnknownVoiceError
from ossicle.messages import (
    AudioDelta,
    Event,
    ReferenceIssued,
    Request,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    TranscriptDelta,
    Usage,
    UsageReported,
)

from . import speech
from .models import TOKENS_PER_S_OUT, VOICES
from .references import KeptAudio, ReferenceShelf
from .script import EchoScript
from .turns import Understanding, count_tokens, count_words


class Delivery:
    """Makes the events of one answer.

    Args:
        request: What was asked for.
        script: Sizes of the pieces.
        request_id: Ours.

    Raises:
        UnknownVoiceError: There is no such voice.
    """

    def __init__(self, request: Request, script: EchoScript, *, request_id: str) -> None:
        self._request = request
        self._script = script
        self._reference_id = f"audio-{request_id}"
        self._voice = request.voice or next(iter(VOICES))
        if self._voice not in VOICES:
            raise UnknownVoiceError(
                f"the echo has no voice {self._voice!r}",
                feature="voice",
                fix=f"Use one of {', '.join(VOICES)}.",
            )
        self._words = 0
        self._pcm_bytes = 0

    def written(self, text: str) -> Iterator[Event]:
        """The answer as text."""
        self._words += count_words(text)
        for piece in self._pieces(text):
            yield TextDelta(text=piece)

    async def spoken(
        self, text: str, shelf: ReferenceShelf, *, clock: Callable[[], float]
    ) -> AsyncGenerator[Event, None]:
        """The answer as audio, with its transcript where text is wanted as well."""
        is_chat = self._request.task == "respond"
        said = text if "text" in self._request.output else ""
        self._words += count_words(said)
        transcript = iter(self._pieces(said))
        if is_chat:
            # As vendors do: the id comes first, its expiry when the audio is complete.
            yield ReferenceIssued(id=self._reference_id)
        async with aclosing(self._audio(text)) as audio:
            async for delta in audio:
                for piece in itertools.islice(transcript, 1):
                    yield TranscriptDelta(text=piece)
                yield delta
        for piece in transcript:
            yield TranscriptDelta(text=piece)
        if is_chat:
            kept = KeptAudio(
                text=text,
                duration_s=speech.pcm_duration_s(self._pcm_bytes),
                expires_at=clock() + self._script.reference_lifetime_s,
            )
            shelf.keep(self._reference_id, kept)
            yield ReferenceIssued(expires_at=kept.expires_at)

    def tool_call(self, call: ToolCall) -> Iterator[Event]:
        """The answer as a call."""
        self._words += count_words(call.name, call.arguments)
        first, *others = self._pieces(call.arguments)
        yield ToolCallDelta(index=0, id=call.id, name=call.name, arguments=first)
        for piece in others:
            yield ToolCallDelta(index=0, arguments=piece)

    def usage(self, said: Understanding) -> UsageReported:
        """What was used until now."""
        audio = count_tokens(speech.pcm_duration_s(self._pcm_bytes), TOKENS_PER_S_OUT)
        return UsageReported(
            usage=Usage(
                input_tokens=said.text_tokens + said.audio_tokens,
                input_text_tokens=said.text_tokens,
                input_audio_tokens=said.audio_tokens,
                output_tokens=self._words + audio,
                output_text_tokens=self._words,
                output_audio_tokens=audio,
            )
        )

    def _pieces(self, text: str) -> list[str]:
        size = self._script.chunk_chars if self._request.stream else max(1, len(text))
        return [text[start : start + size] for start in range(0, len(text), size)]

    async def _audio(self, text: str) -> AsyncGenerator[AudioDelta, None]:
        """Raw pieces of the script's size when streaming, else one WAV file."""
        blocks = speech.text_to_pcm(text, voice=self._voice)
        held = bytearray()
        while block := await to_thread.run_sync(next, blocks, b""):
            self._pcm_bytes += len(block)
            held += block
            if self._request.stream:
                size = self._script.chunk_bytes
                whole = len(held) // size * size
                for start in range(0, whole, size):
                    yield AudioDelta(data=bytes(held[start : start + size]), format=speech.PCM)
                del held[:whole]
        if not self._request.stream:
            yield AudioDelta(data=speech.pcm_to_wav(bytes(held)), format=speech.WAV)
        elif held:
            yield AudioDelta(data=bytes(held), format=speech.PCM)
