"""Content faults that need to know Gemini's bodies: applied to a finished response."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ossicle_testing.vendors.corruptions import tamper
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.gemini.errors import INTERNAL, ApiError
from ossicle_testing.vendors.http import Pause, Response, event, json_bytes, parse_event
from ossicle_testing.vendors.sound import wav_header

Spoil = Callable[[Fault, dict[str, Any]], bool]
"""Changes one body or event in place; tells whether there was anything to change."""


def spoil(fault: Fault, response: Response) -> Response | None:
    """The spoiled response, or `None` where the fault has no meaning for it.

    Falls back to the faults that any vendor's response can have.
    """
    if response.status >= 400:
        return None
    error = event(ApiError(INTERNAL, status=500).body)
    if not isinstance(response.body, bytes):
        events = [item for item in response.body if isinstance(item, bytes)]
        match fault.kind:
            case FaultKind.STREAM_NO_END:
                return replace(response, body=tuple(events[:-1]))
            case FaultKind.STREAM_ERROR_EVENT:
                return replace(response, body=(*events[: len(events) // 2], error))
            case FaultKind.ERROR_BODY_200:
                return replace(response, body=(error,))
            case _:
                response = replace(response, body=tuple(events))
    elif fault.kind is FaultKind.ERROR_BODY_200:
        return replace(response, body=error.removeprefix(b"data: ").strip())
    change = _CHANGES.get(fault.kind)
    if change is None:
        return tamper(fault, response)
    if isinstance(response.body, bytes):
        body = json.loads(response.body)
        return replace(response, body=json_bytes(body)) if change(fault, body) else None
    return _spoil_events(fault, response, change)


def _spoil_events(fault: Fault, response: Response, change: Spoil) -> Response | None:
    is_changed = False
    events: list[bytes | Pause] = []
    for item in response.body if not isinstance(response.body, bytes) else ():
        body = parse_event(item) if isinstance(item, bytes) else None
        if body is not None and change(fault, body):
            is_changed = True
            events.append(event(body))
        else:
            events.append(item)
    return replace(response, body=tuple(events)) if is_changed else None


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        part
        for candidate in body.get("candidates") or ()
        for part in (candidate.get("content") or {}).get("parts") or ()
    ]


def _blobs(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["inlineData"] for part in _parts(body) if "inlineData" in part]


def _no_candidates(fault: Fault, body: dict[str, Any]) -> bool:
    del fault
    return body.pop("candidates", None) is not None


def _emptied(reason: str) -> Spoil:
    """No content at all, and another reason for the end."""

    def change(fault: Fault, body: dict[str, Any]) -> bool:
        del fault
        for candidate in body.get("candidates") or ():
            candidate["content"] = {}
            if "finishReason" in candidate:
                candidate["finishReason"] = reason
        return "candidates" in body

    return change


def _data(new: Callable[[], str], media_type: str | None = None) -> Spoil:
    def change(fault: Fault, body: dict[str, Any]) -> bool:
        del fault
        blobs = _blobs(body)
        for blob in blobs:
            blob["data"] = new()
            blob["mimeType"] = media_type or blob["mimeType"]
        return bool(blobs)

    return change


def _silence() -> str:
    """Half a second of silence at 24 kHz as a WAV file."""
    return base64.b64encode(wav_header(24_000) + bytes(24_000)).decode()


def _nonsense() -> str:
    return base64.b64encode(b"This is not audio. " * 50).decode()


def _cut_blobs(fault: Fault, body: dict[str, Any]) -> bool:
    """Every blob as several, each padded by itself: joining the texts loses data."""
    del fault
    for candidate in body.get("candidates") or ():
        parts = (candidate.get("content") or {}).get("parts") or []
        if not any("inlineData" in part for part in parts):
            continue
        blob = next(part["inlineData"] for part in parts if "inlineData" in part)
        data = base64.b64decode(blob["data"])
        candidate["content"]["parts"] = [
            {"inlineData": {**blob, "data": base64.b64encode(data[at : at + 1001]).decode()}}
            for at in range(0, len(data), 1001)
        ]
        return True
    return False


def _usage(value: object) -> Spoil:
    def change(fault: Fault, body: dict[str, Any]) -> bool:
        del fault
        usage = body.get("usageMetadata")
        if not isinstance(usage, dict):
            return False
        if value is None:
            del body["usageMetadata"]
            return True
        for name in ("candidatesTokenCount", "totalTokenCount"):
            usage[name] = value
        return True

    return change


def _duplicate_id(fault: Fault, body: dict[str, Any]) -> bool:
    """The same id in every answer."""
    del fault
    body["responseId"] = "0" * 22
    return True


def _huge_tool_call(fault: Fault, body: dict[str, Any]) -> bool:
    call = {"name": "huge", "args": {"text": "x" * fault.size_bytes}}
    for candidate in body.get("candidates") or ():
        if "finishReason" in candidate:
            candidate["content"] = {"parts": [{"functionCall": call}], "role": "model"}
            return True
    return False


_CHANGES: Mapping[FaultKind, Spoil] = MappingProxyType({
    FaultKind.EMPTY_CHOICES: _no_candidates,
    FaultKind.AUDIO_MISSING: _emptied("OTHER"),
    FaultKind.REFUSAL: _emptied("SAFETY"),
    FaultKind.OTHER_FORMAT: _data(_silence, "audio/wav"),
    FaultKind.NONSENSE_AUDIO: _data(_nonsense),
    FaultKind.INVALID_BASE64: _data(lambda: "@@@ this is not base64 @@@"),
    FaultKind.PADDED_BASE64: _cut_blobs,
    FaultKind.USAGE_MISSING: _usage(None),
    FaultKind.USAGE_NEGATIVE: _usage(-5),
    FaultKind.USAGE_NAN: _usage(math.nan),
    FaultKind.USAGE_STRING: _usage("many"),
    FaultKind.USAGE_HUGE: _usage(10**18),
    FaultKind.DUPLICATE_ID: _duplicate_id,
    FaultKind.HUGE_TOOL_CALL: _huge_tool_call,
})  # fmt: skip
