"""Requests and wire data as tests write them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.messages import AudioPart, Event, Message, Part, Reply, ReplyFold, Request, TextPart
from ossicle.rest import CallErrors, EventParser
from ossicle_gemini.answer import AnswerReader
from ossicle_gemini.errors import FAILURES, LADDER
from ossicle_gemini.response_audio import PCM16
from ossicle_testing.vendors.audio import pcm16_bytes
from ossicle_testing.vendors.tones import tone_ear, tone_voice

CHAT = "gemini-3.8-flash"
SPEECH = "gemini-3.8-flash-tts"
OLD_SPEECH = "gemini-2.5-flash-preview-tts"
HEARING = "gemini-3.5-transcribe"
CALL = CallErrors(ladder=LADDER, model=CHAT, key="AIzaSyTest-secret")
L16 = "audio/L16;codec=pcm;rate=24000"
WAV = AudioFormat.named("wav", sample_rate=24_000, channels=1)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def said(text: str) -> AudioPart:
    """A text as tones in a WAV."""
    return AudioPart(clip=wav_clip(pcm16_bytes(tone_voice(text))))


def wav_clip(pcm: bytes) -> AudioClip:
    return AudioClip.from_bytes(wav_header(PCM16, len(pcm) // 2) + pcm)


def heard(reply: Reply) -> str:
    """What the tones of a reply say."""
    assert reply.audio is not None
    facts = reply.audio.facts
    start = facts.data_offset or 0
    data = reply.audio.read_bytes()[start : start + (facts.data_bytes or 0)]
    return tone_ear(np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768), 24_000)


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def asking(text: str = "Hello", **fields: Any) -> Request:
    """A request with one user message of text."""
    fields.setdefault("messages", (user(TextPart(text=text)),))
    fields.setdefault("task", "respond")
    fields.setdefault("model", CHAT)
    return Request.model_validate(fields)


def speaking(text: str, **fields: Any) -> Request:
    fields.setdefault("model", SPEECH)
    return asking(text, task="speak", output=frozenset({"audio"}), output_format=PCM16, **fields)


def transcribing(*parts: Part, **fields: Any) -> Request:
    return asking(task="transcribe", model=HEARING, messages=(user(*parts),), **fields)


def response(*parts: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One response of the vendor."""
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": list(parts)}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": CHAT, "responseId": "r1", **more}


def sse(bodies: Iterable[object], *, end: str = "\r\n\r\n") -> bytes:
    """Events as bytes."""
    return "".join(f"data: {json.dumps(body)}{end}" for body in bodies).encode()


def reader(**more: Any) -> AnswerReader:
    """A reader that numbers its ids and forgets signatures."""
    numbers = iter(range(1000))
    more.setdefault("sign", lambda call_id, signature: None)
    return AnswerReader(errors=CALL, new_id=lambda: f"made_{next(numbers)}", **more)


def read_bodies(*bodies: object, **more: Any) -> list[Event]:
    """What the provider makes of responses, without a socket."""
    one = reader(**more)
    found = [event for body in bodies for event in one.feed(body)]
    return [*found, *one.finish()]


def read_stream(pieces: Iterable[bytes], **more: Any) -> Iterator[Event]:
    """What the provider makes of a stream in pieces, without a socket."""
    one, parser = reader(**more), EventParser(failures=FAILURES, max_event_bytes=1 << 24)
    for piece in pieces:
        for data in parser.feed(piece):
            yield from one.feed(json.loads(data))
    yield from one.finish()


def fold(events: Iterable[Event]) -> Reply:
    """The reply that events make."""
    folding = ReplyFold(provider="gemini", model=CHAT)
    for event in events:
        folding.add(event)
    assert folding.is_complete
    return folding.reply()
