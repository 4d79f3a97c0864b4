"""A chat answer as a stream of chunks, as captured from the vendor.

Source: captures of mid-2026 and 2024 (openai-node issue 1206): pieces of 19,200 bytes, each with
base64 of its own; chunks without choices; usage before the last chunk, whose delta holds nothing
but `audio.expires_at`; no finish_reason; `[DONE]`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from ossicle_testing.vendors.http import EVENT_STREAM, Response, event
from ossicle_testing.vendors.openai.billing import chat_usage
from ossicle_testing.vendors.openai.chat_reply import ChatReply
from ossicle_testing.vendors.openai.chat_request import ChatRequest
from ossicle_testing.vendors.openai.chat_wire import audio_bytes
from ossicle_testing.vendors.openai.quirks import Opening, Quirks

PIECE_BYTES = 19_200
"""Bytes of samples in one chunk: 0.4 s, divisible by three, so that its base64 has no padding."""

_OPENINGS: tuple[Opening, ...] = (
    "id_with_transcript", "transcript_before_id", "id_with_data", "id_alone",
)  # fmt: skip
_PADDING_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

Delta = dict[str, Any]


def streamed_chat(reply: ChatReply, chat: ChatRequest, quirks: Quirks, draw: Random) -> Response:
    """The answer as server-sent events, one chunk an event."""
    chunks = _Chunks(reply, chat, quirks, draw)
    return Response(
        headers=(("content-type", EVENT_STREAM), ("cache-control", "no-cache")),
        body=tuple(chunks.events()),
    )


def words_of(text: str) -> list[str]:
    """Pieces of a text, each a word with the space before it; joined they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)


class _Chunks:
    """Renders one answer."""

    def __init__(self, reply: ChatReply, chat: ChatRequest, quirks: Quirks, draw: Random) -> None:
        self._reply = reply
        self._chat = chat
        self._quirks = quirks
        self._draw = draw

    def events(self) -> Iterator[bytes]:
        """Every event, `[DONE]` included."""
        reply, quirks = self._reply, self._quirks
        speaks = reply.samples is not None
        deltas = self._audio_deltas() if speaks else self._text_deltas()
        for index, delta in deltas:
            yield self._chunk([{"index": index, "delta": delta, "finish_reason": None}])
            if speaks and quirks.chunks_without_choices:
                yield from self._empty_chunks()
        yield from self._tool_chunks()
        ends_with_expiry = speaks and reply.expires_at is not None and not quirks.repeats_reference
        if reply.tools or reply.is_cut or not ends_with_expiry:
            yield self._chunk([{"index": 0, "delta": {}, "finish_reason": reply.finish_reason}])
        if self._chat.include_usage:
            usage = chat_usage(reply.bill, with_cost=quirks.usage_cost)
            yield self._chunk([], usage=usage)
        # A stream cut by the token limit is seen to lack its expiry (a guess, never captured).
        if ends_with_expiry and not reply.is_cut:
            yield self._chunk([{"index": 0, "delta": {"audio": {"expires_at": reply.expires_at}}}])
        yield event("[DONE]")

    def _chunk(
        self, choices: list[dict[str, Any]] | None, *, usage: dict[str, object] | None = None
    ) -> bytes:
        chunk: dict[str, Any] = {
            "id": self._reply.id,
            "object": "chat.completion.chunk",
            "created": self._reply.created,
            "model": self._reply.model,
            "service_tier": "default",
            "system_fingerprint": "fp_0123456789",
            "choices": choices,
        }
        if choices is None and self._draw.random() < 0.5:
            del chunk["choices"]
        if self._chat.include_usage:
            chunk["usage"] = usage
        if self._chat.obfuscate:
            length = self._draw.randrange(1, 16)
            chunk["obfuscation"] = "".join(self._draw.choices(_PADDING_LETTERS, k=length))
        return event(chunk)

    def _empty_chunks(self) -> Iterator[bytes]:
        for _ in range(self._draw.randrange(1, 5)):
            yield self._chunk(None)

    def _text_deltas(self) -> Iterator[tuple[int, Delta]]:
        yield 0, {"role": "assistant", "content": "" if self._reply.text else None, "refusal": None}
        for word in words_of(self._reply.text):
            yield 0, {"content": word}

    def _tool_chunks(self) -> Iterator[bytes]:
        for index, tool in enumerate(self._reply.tools):
            first = {"index": index, "id": tool.id, "type": "function",
                     "function": {"name": tool.name, "arguments": ""}}  # fmt: skip
            rest = tool.arguments
            fragments = [first]
            while rest:
                length = self._draw.randrange(1, 9)
                fragments.append({"index": index, "function": {"arguments": rest[:length]}})
                rest = rest[length:]
            for fragment in fragments:
                delta = {"tool_calls": [fragment]}
                yield self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _audio_deltas(self) -> Iterator[tuple[int, Delta]]:
        words = [{"transcript": word} for word in words_of(self._reply.text)]
        pieces = [{"data": piece} for piece in self._pieces()]
        audios: list[Delta] = list(self._opening(words, pieces))
        while words or pieces:
            # The transcript runs ahead of the audio, in no fixed order.
            is_word = bool(words) and (not pieces or self._draw.random() < 0.75)
            audios.append((words if is_word else pieces).pop(0))
        reference = {"id": self._reply.audio_id, "expires_at": self._reply.expires_at}
        for position, audio in enumerate(audios):
            if self._quirks.repeats_reference:
                audio = {**audio, **reference}
            yield from self._placed(audio, is_first=position == 0)

    def _opening(self, words: list[Delta], pieces: list[Delta]) -> Iterator[Delta]:
        """The first deltas: where the id stands is not fixed."""
        if not self._quirks.has_references:
            return
        opening = self._quirks.opening
        if opening == "varied":
            opening = self._draw.choice(_OPENINGS)
        audio_id = {"id": self._reply.audio_id}
        if opening == "id_with_transcript" and words:
            yield {**audio_id, **words.pop(0)}
        elif opening == "transcript_before_id" and words and pieces:
            yield words.pop(0)
            yield {**audio_id, **pieces.pop(0)}
        elif opening == "id_with_data" and pieces:
            yield {**audio_id, **pieces.pop(0)}
        else:
            yield audio_id

    def _placed(self, audio: Delta, *, is_first: bool) -> Iterator[tuple[int, Delta]]:
        """The delta in its choice and field, as this server has it."""
        quirks = self._quirks
        role: Delta = {"role": "assistant", "content": None, "refusal": None} if is_first else {}
        if quirks.empty_content:
            role["content"] = ""
        if quirks.text_in_content and "transcript" in audio:
            yield 0, {**role, "content": audio["transcript"]}
            audio = {name: value for name, value in audio.items() if name != "transcript"}
            role = {}
        if audio:
            yield quirks.audio_choice, {**role, "audio": audio}

    def _pieces(self) -> Iterator[str]:
        if self._reply.samples is None:
            return
        data = audio_bytes(self._reply.samples, self._chat.format, self._quirks)
        if self._quirks.aligned_base64:
            for start in range(0, len(data), PIECE_BYTES):
                yield base64.b64encode(data[start : start + PIECE_BYTES]).decode()
            return
        text = base64.b64encode(data).decode()
        while text:
            length = self._draw.randrange(1, 24_000)
            yield text[:length]
            text = text[length:]
