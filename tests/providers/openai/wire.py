"""Wire data of the vendor as tests write it, and the shortest way to fold what comes of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

import anyio

from ossicle.audio import AudioClip
from ossicle.audio.wav import wav_header
from ossicle.messages import Event, Message, Reply, ReplyFold, Request, TextPart
from ossicle.rest import DONE, CallErrors, EventParser, json_body
from ossicle_openai.chat_events import ChatStream
from ossicle_openai.errors import FAILURES, LADDER
from ossicle_openai.profiles import EndpointProfile, profile_named
from ossicle_openai.response_audio import PCM16

CALL = CallErrors(ladder=LADDER, model="gpt-audio-1.5", key="sk-secret-key-0123456789")
OPENAI = profile_named("openai")
AUDIO_ID = "audio_6711f92b13a081908e8f3b61bf18b3f3"
EXPIRES_AT = 1_752_138_236

USAGE = {
    "prompt_tokens": 8,
    "completion_tokens": 54,
    "total_tokens": 62,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0, "text_tokens": 8},
    "completion_tokens_details": {"audio_tokens": 37, "text_tokens": 17},
}
"""As captured from the vendor (302.ai mirror of the same endpoint), 2025-07."""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def chunk(delta: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A chunk of a chat stream; no delta, no choices."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_752_134_636,
        "model": "gpt-audio-1.5",
    }
    if delta is not None:
        body["choices"] = [{"index": 0, "delta": delta, **more}]
    return body


def audio_chunk(**audio: Any) -> dict[str, Any]:
    return chunk({"audio": audio}, finish_reason=None)


def spoken_chunks(pcm: bytes, transcript: str, *, piece: int = 19_200) -> list[dict[str, Any]]:
    """A stream as gpt-audio-1.5 sends it: usage before the last delta, no finish_reason."""
    first = {"role": "assistant", "content": None, "refusal": None}
    half = len(transcript) // 2
    return [
        chunk({**first, "audio": {"id": AUDIO_ID, "transcript": transcript[:half]}}),
        chunk(None),
        audio_chunk(transcript=transcript[half:]),
        *(audio_chunk(data=b64(pcm[at : at + piece])) for at in range(0, len(pcm), piece)),
        {**chunk(None), "choices": None},
        {**chunk(None), "choices": [], "usage": USAGE},
        audio_chunk(expires_at=EXPIRES_AT),
    ]


def sse(chunks: Iterable[object], *, end: str = "\n\n", done: bool = True) -> bytes:
    """Events as bytes."""
    texts = [f"data: {json.dumps(one)}{end}" for one in chunks]
    return "".join([*texts, f"data: {DONE}{end}" if done else ""]).encode()


def read_stream(
    pieces: Iterable[bytes], *, profile: EndpointProfile = OPENAI, has_audio: bool = True
) -> Iterator[Event]:
    """What the provider makes of a body in pieces, without a socket."""
    reader = ChatStream(
        errors=CALL, profile=profile, asked=PCM16 if has_audio else None, request_id="req_1"
    )
    parser = EventParser(failures=FAILURES, max_event_bytes=1 << 24)
    for piece in pieces:
        for data in parser.feed(piece):
            if data == DONE:
                reader.done()
            else:
                yield from reader.feed(json.loads(data))
    yield from reader.finish()


def fold(events: Iterable[Event]) -> Reply:
    """The reply that events make."""
    folding = ReplyFold(provider="openai", model="gpt-audio-1.5")
    for event in events:
        folding.add(event)
    assert folding.is_complete
    return folding.reply()


def wav(pcm: bytes, *, sample_rate: int = 24_000) -> bytes:
    return wav_header(PCM16.at(sample_rate=sample_rate), len(pcm) // 2) + pcm


def clip(n_frames: int = 4800, *, sample_rate: int = 24_000) -> AudioClip:
    """A WAV of a ramp."""
    pcm = b"".join((index % 30_000).to_bytes(2, "little") for index in range(n_frames))
    return AudioClip.from_bytes(wav(pcm, sample_rate=sample_rate))


def sent(payload: dict[str, Any]) -> bytes:
    """A payload as it is sent."""

    async def main() -> bytes:
        reader, found = json_body(payload).reader(), bytearray()
        while piece := await reader.next():
            found += piece
        return bytes(found)

    return anyio.run(main)


def asking(text: str = "Hello", **fields: Any) -> Request:
    """A request with one user message of text."""
    fields.setdefault("messages", (Message(role="user", parts=(TextPart(text=text),)),))
    fields.setdefault("task", "respond")
    fields.setdefault("model", "gpt-audio-1.5")
    return Request.model_validate(fields)
