"""The conversation in a chat request: what was written, what is heard, and how much it counts."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from ossicle.errors import MalformedAudioError
from ossicle_testing.vendors.audio import decode_audio, is_mp3
from ossicle_testing.vendors.openai.billing import (
    MESSAGE_TOKENS,
    heard_tokens,
    spoken_tokens,
    text_tokens,
)
from ossicle_testing.vendors.openai.chat_request import ChatRequest
from ossicle_testing.vendors.openai.errors import (
    ApiError,
    audio_not_found,
    audio_too_short,
    no_audio_parts,
    not_valid_audio,
    unsupported_input_format,
)
from ossicle_testing.vendors.openai.state import State

MIN_INPUT_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the model knows of a conversation.

    Attributes:
        turns: (role, words) in order, audio as its words.
        text_tokens: Text tokens of all messages.
        audio_tokens: Audio tokens of all messages.
        has_audio: Whether a user sent audio.
    """

    turns: tuple[tuple[str, str], ...]
    text_tokens: int
    audio_tokens: int
    has_audio: bool


class HistoryReader:
    """Reads the messages of one request.

    Args:
        state: The vendor's.
        chat: The checked request.
        account: Whose audio ids are known.
    """

    def __init__(self, state: State, chat: ChatRequest, *, account: str) -> None:
        self._state = state
        self._chat = chat
        self._account = account
        self._text_tokens = 0
        self._audio_tokens = 0
        self._has_audio = False

    def read(self) -> History:
        """The conversation.

        Raises:
            ApiError: Something in it is refused.
        """
        _check_tool_results(self._chat.messages)
        turns = tuple(
            (message["role"], self._words(index, message))
            for index, message in enumerate(self._chat.messages)
        )
        return History(
            turns=turns,
            text_tokens=self._text_tokens,
            audio_tokens=self._audio_tokens,
            has_audio=self._has_audio,
        )

    def _words(self, index: int, message: dict[str, Any]) -> str:
        self._text_tokens += MESSAGE_TOKENS
        words = []
        if message.get("audio"):
            words.append(self._referred(index, message["audio"]["id"]))
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for part_index, part in enumerate(content or ()):
            words.append(self._part(index, part_index, part))
        for call in message.get("tool_calls") or ():
            self._count_text(call["function"]["name"] + call["function"]["arguments"])
        return " ".join(word for word in words if word)

    def _part(self, index: int, part_index: int, part: dict[str, Any]) -> str:
        kind = part["type"]
        if kind in ("text", "refusal"):
            return self._count_text(part[kind])
        if self._chat.model.kind == "text_chat":
            if kind == "image_url":
                return ""
            raise no_audio_parts(index)
        if kind == "input_audio":
            return self._heard(index, part_index, part["input_audio"])
        if kind == "audio_url":
            url = {"data": part["audio_url"]["url"], "format": "any"}
            return self._heard(index, part_index, url)
        raise ApiError(
            f"Invalid content type. {kind} is only supported by certain models.",
            param=f"messages.[{index}].content.[{part_index}].type",
        )

    def _count_text(self, text: str) -> str:
        self._text_tokens += text_tokens(text)
        return text

    def _referred(self, index: int, audio_id: str) -> str:
        quirks = self._state.quirks
        kept = self._state.kept(audio_id, account=self._account)
        if kept is None:
            raise audio_not_found(
                audio_id, message_index=index, status=quirks.unknown_reference_status
            )
        self._audio_tokens += spoken_tokens(kept.frames)
        return kept.transcript

    def _heard(self, index: int, part_index: int, audio: dict[str, str]) -> str:
        quirks, named = self._state.quirks, audio["format"]
        if quirks.checks_input_format and named not in ("wav", "mp3"):
            raise unsupported_input_format()
        claimed = named if named in ("wav", "mp3") else "wav"
        try:
            data = self._bytes_of(audio["data"])
            if quirks.checks_input_format and not _is(named, data):
                raise MalformedAudioError(f"not {named}")
            samples, sample_rate = decode_audio(data)
        except (MalformedAudioError, binascii.Error, ValueError) as error:
            raise not_valid_audio(claimed, message=index, part=part_index) from error
        if quirks.max_audio_bytes is not None and len(data) > quirks.max_audio_bytes:
            raise ApiError(
                f"Audio file is larger than the maximum of {quirks.max_audio_bytes >> 20} MB.",
                status=413,
            )
        if len(samples) < MIN_INPUT_S * sample_rate:
            raise audio_too_short(message=index, part=part_index)
        self._has_audio = True
        self._audio_tokens += heard_tokens(len(samples), sample_rate)
        return self._state.speech_models.hear(samples, sample_rate)

    def _bytes_of(self, text: str) -> bytes:
        encodings = self._state.quirks.input_encodings
        if text.startswith("data:"):
            head, comma, text = text.partition(",")
            if "data_uri" not in encodings or not comma or not head.endswith(";base64"):
                raise binascii.Error("no data URI")
        elif "base64" not in encodings:
            raise binascii.Error("only a data URI")
        return base64.b64decode(text, validate=True)


def _is(format: str, data: bytes) -> bool:
    if format == "mp3":
        return is_mp3(data)
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def _check_tool_results(messages: list[dict[str, Any]]) -> None:
    """Each call has its result right after it, and no result stands alone."""
    awaited: list[str] = []
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in awaited:
                raise ApiError(
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",
                    param=f"messages.[{index}].role",
                )
            awaited.remove(message["tool_call_id"])
            continue
        _refuse_awaited(awaited, index)
        awaited = [call["id"] for call in message.get("tool_calls") or ()]
    _refuse_awaited(awaited, len(messages))


def _refuse_awaited(awaited: list[str], index: int) -> None:
    if awaited:
        raise ApiError(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(awaited)}",
            param=f"messages.[{index}].role",
        )
