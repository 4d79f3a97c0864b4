"""Requests to the echo and what comes back, for its tests."""

from __future__ import annotations

import io
import wave
from contextlib import aclosing
from typing import Any

import anyio
import numpy as np
from numpy.typing import NDArray

from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    Event,
    Message,
    Modality,
    Part,
    Reply,
    ReplyFold,
    Request,
    Role,
    TextDelta,
    TextPart,
    TranscriptDelta,
)
from ossicle_echo import EchoProvider
from ossicle_echo.tones import samples_to_text, text_to_samples

HEADER_BYTES = 44


def wav_clip(samples: NDArray[np.float32], sample_rate: int = 24000) -> AudioClip:
    """A 16-bit WAV clip, written by the standard library and described by hand."""
    channels = samples.shape[1]
    data = np.rint(samples.clip(-1, 1) * 32767).astype("<i2").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(data)
    form = AudioFormat.named("wav", sample_rate=sample_rate, channels=channels)
    facts = AudioFacts(
        format=form,
        n_bytes=HEADER_BYTES + len(data),
        frames=len(samples),
        duration_s=len(samples) / sample_rate,
        data_offset=HEADER_BYTES,
        data_bytes=len(data),
    )
    return AudioClip(file.getvalue(), facts=facts)


def text(words: str) -> TextPart:
    return TextPart(text=words)


def spoken(words: str, *, sample_rate: int = 24000, channels: int = 1) -> AudioPart:
    samples = text_to_samples(words, sample_rate=sample_rate)
    return AudioPart(clip=wav_clip(np.repeat(samples, channels, axis=1), sample_rate))


def humming(duration_s: float) -> AudioPart:
    time = np.arange(int(duration_s * 16000))[:, None] / 16000
    return AudioPart(clip=wav_clip((0.3 * np.sin(700 * time)).astype(np.float32), 16000))


def message(*parts: Part, role: Role = "user") -> Message:
    return Message(role=role, parts=parts)


def request(*messages: Message, output: str = "text+audio", **fields: Any) -> Request:
    wanted: dict[str, frozenset[Modality]] = {
        "text": frozenset({"text"}),
        "audio": frozenset({"audio"}),
        "text+audio": frozenset({"text", "audio"}),
    }
    facts: dict[str, Any] = {"task": "respond", "model": "chat", "stream": True, **fields}
    return Request(messages=messages, output=wanted[output], **facts)


async def collect(provider: EchoProvider, asked: Request) -> list[Event]:
    async with aclosing(provider.respond(asked)) as events:
        return [event async for event in events]


def events_of(asked: Request, provider: EchoProvider | None = None) -> list[Event]:
    return anyio.run(collect, provider or EchoProvider(), asked)


def reply_to(asked: Request, provider: EchoProvider | None = None) -> Reply:
    """The folded reply to a streamed request."""
    fold = ReplyFold(provider="echo", model=asked.model)
    for event in events_of(asked, provider):
        fold.add(event)
    assert fold.is_complete
    return fold.reply()


def audio_bytes(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, AudioDelta))


def words_of(events: list[Event]) -> str:
    kinds = TextDelta | TranscriptDelta
    return "".join(event.text for event in events if isinstance(event, kinds))


def heard_in(pcm: bytes) -> str | None:
    """What raw 24 kHz mono audio says."""
    samples = np.frombuffer(pcm, "<i2")[:, None].astype(np.float32) / np.float32(32768)
    return samples_to_text(samples, 24000)
