"""Content faults that need to know OpenAI's bodies: applied to a finished response."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from ossicle_testing.vendors.audio import is_mp3
from ossicle_testing.vendors.corruptions import (
    INVALID_BASE64,
    NONSENSE,
    SILENT_WAV,
    Change,
    change_json,
    corrupt,
    usage_changes,
)
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Pause, Response, event, parse_event

REFUSAL = "I'm sorry, but I can't help with that."


def corrupt_response(fault: Fault, response: Response) -> Response | None:
    """The corrupted response, or `None` where the fault has no meaning for it.

    Falls back to the faults that any vendor's response can have.
    """
    if response.status >= 400:
        return None
    if fault.kind is FaultKind.PADDED_BASE64:
        return _cut_pieces(response)
    if fault.kind is FaultKind.OTHER_FORMAT and response.content_type.startswith("audio/"):
        is_mp3_asked = response.content_type == "audio/mpeg"
        return replace(response, body=_silence(as_mp3=not is_mp3_asked))
    if fault.kind is FaultKind.HUGE_TOOL_CALL:
        return change_json(response, partial(_huge_tool_call, fault.size_bytes))
    change = _CHANGES.get(fault.kind)
    if change is None or response.content_type.startswith("audio/"):
        return corrupt(fault, response)
    return change_json(response, change)


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages or deltas in a body or chunk."""
    choices = body.get("choices") or []
    return [choice.get("message") or choice.get("delta") or {} for choice in choices]


def _audios(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [message["audio"] for message in _messages(body) if message.get("audio")]


def _empty_choices(body: dict[str, Any]) -> bool:
    if not body.get("choices"):
        return False
    body["choices"] = []
    return True


def _no_audio(body: dict[str, Any]) -> bool:
    """The model answers in writing although audio was asked (reported for text histories)."""
    is_changed = False
    for choice in body.get("choices") or ():
        message = choice.get("message") or choice.get("delta") or {}
        audio = message.get("audio")
        if not audio:
            continue
        is_changed = True
        if "message" in choice:
            message.update(audio=None, content=audio["transcript"])
            continue
        del message["audio"]
        if "transcript" in audio:
            message["content"] = audio["transcript"]
        if "expires_at" in audio:
            choice["finish_reason"] = "stop"
    return is_changed


def _other_format(body: dict[str, Any]) -> bool:
    """Silence as MP3 whatever was asked, or as WAV where MP3 was asked."""
    data = next((audio["data"] for audio in _audios(body) if audio.get("data")), "")
    silence = _silence(as_mp3=not is_mp3(base64.b64decode(data[:8])))
    return _replace_data(base64.b64encode(silence).decode(), body)


def _silence(*, as_mp3: bool) -> bytes:
    """Half a second of silence at 24 kHz."""
    # A frame of MPEG 2 layer III, 64 kbit/s, mono: 192 bytes for 24 ms, side data all zero.
    mp3 = (b"\xff\xf3\x84\xc4" + bytes(188)) * 20
    return mp3 if as_mp3 else SILENT_WAV


def _replace_data(data: str, body: dict[str, Any]) -> bool:
    is_changed = False
    for audio in _audios(body):
        if audio.get("data"):
            audio["data"] = data
            is_changed = True
    if body.get("type") == "speech.audio.delta":
        body["audio"] = data
        is_changed = True
    return is_changed


def _expiry(new: Callable[[int], int | None]) -> Change:
    def change(body: dict[str, Any]) -> bool:
        is_changed = False
        for audio in _audios(body):
            if audio.get("expires_at") is not None:
                is_changed = True
                value = new(audio.pop("expires_at"))
                if value is not None:
                    audio["expires_at"] = value
        return is_changed

    return change


def _expiry_repeated(body: dict[str, Any]) -> bool:
    """An expiry in every delta of audio: who adds numbers up gets it wrong."""
    is_changed = False
    for audio in _audios(body):
        if "expires_at" not in audio:
            audio["expires_at"] = int(body.get("created", 0)) + 3600
            is_changed = True
    return is_changed


def _duplicate_id(body: dict[str, Any]) -> bool:
    """The same ids in every answer."""
    if "choices" not in body:
        return False
    body["id"] = "chatcmpl-00000000000000000000000000000"
    for audio in _audios(body):
        if "id" in audio:
            audio["id"] = "audio_00000000000000000000000000000000"
    return True


def _refusal(body: dict[str, Any]) -> bool:
    is_changed = False
    for choice in body.get("choices") or ():
        message = choice.get("message") or choice.get("delta")
        if message is None:
            continue
        is_changed = True
        if "message" in choice:
            message.update(content=None, refusal=REFUSAL)
            message.pop("audio", None)
            continue
        is_first, is_last = "role" in message, "expires_at" in (message.get("audio") or {})
        message.clear()
        if is_first:
            message.update(role="assistant", content=None, refusal=REFUSAL)
        if is_last:
            choice["finish_reason"] = "stop"
    return is_changed


def _huge_tool_call(size_bytes: int, body: dict[str, Any]) -> bool:
    arguments = json.dumps({"text": "x" * size_bytes})
    call = {"index": 0, "id": "call_huge", "type": "function",
            "function": {"name": "huge", "arguments": arguments}}  # fmt: skip
    for choice in body.get("choices") or ():
        message = choice.get("message") or choice.get("delta")
        if message is not None and "role" in message:
            message["tool_calls"] = [call]
            if "message" in choice:
                del call["index"]
                choice["finish_reason"] = "tool_calls"
            return True
    return False


def _cut_pieces(response: Response) -> Response | None:
    """Every piece of audio in parts whose base64 is padded: joining the texts loses data."""
    if not response.is_event_stream or isinstance(response.body, bytes):
        return None
    events: list[bytes | Pause] = []
    is_changed = False
    for item in response.body:
        chunk = parse_event(item) if isinstance(item, bytes) else None
        audios = [] if chunk is None else [a for a in _audios(chunk) if a.get("data")]
        if chunk is None or not audios:
            events.append(item)
            continue
        is_changed = True
        data = base64.b64decode(audios[0]["data"])
        # No multiple of three, so padded; odd, so every other part ends inside a sample.
        for start in range(0, len(data), 1001):
            audios[0]["data"] = base64.b64encode(data[start : start + 1001]).decode()
            events.append(event(chunk))
            audios[0].pop("id", None)
            audios[0].pop("transcript", None)
    return replace(response, body=tuple(events)) if is_changed else None


_CHANGES: Mapping[FaultKind, Change] = MappingProxyType({
    FaultKind.EMPTY_CHOICES: _empty_choices,
    FaultKind.AUDIO_MISSING: _no_audio,
    FaultKind.OTHER_FORMAT: _other_format,
    FaultKind.INVALID_BASE64: partial(_replace_data, INVALID_BASE64),
    **usage_changes("usage", "total_tokens", "completion_tokens", "output_tokens", "seconds"),
    FaultKind.EXPIRY_MISSING: _expiry(lambda expires_at: None),
    FaultKind.EXPIRY_PAST: _expiry(lambda expires_at: expires_at - 7200),
    FaultKind.EXPIRY_IN_MS: _expiry(lambda expires_at: expires_at * 1000),
    FaultKind.EXPIRY_REPEATED: _expiry_repeated,
    FaultKind.DUPLICATE_ID: _duplicate_id,
    FaultKind.REFUSAL: _refusal,
    FaultKind.NONSENSE_AUDIO: partial(_replace_data, NONSENSE),
})  # fmt: skip
