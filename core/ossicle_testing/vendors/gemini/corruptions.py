"""Content faults that need to know Gemini's bodies: applied to a finished response."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

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
from ossicle_testing.vendors.gemini.errors import INTERNAL, ApiError
from ossicle_testing.vendors.http import Response, event


def corrupt_response(fault: Fault, response: Response) -> Response | None:
    """The corrupted response, or `None` where the fault has no meaning for it.

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
    if fault.kind is FaultKind.HUGE_TOOL_CALL:
        return change_json(response, partial(_huge_tool_call, fault.size_bytes))
    change = _CHANGES.get(fault.kind)
    return corrupt(fault, response) if change is None else change_json(response, change)


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        part
        for candidate in body.get("candidates") or ()
        for part in (candidate.get("content") or {}).get("parts") or ()
    ]


def _blobs(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["inlineData"] for part in _parts(body) if "inlineData" in part]


def _no_candidates(body: dict[str, Any]) -> bool:
    return body.pop("candidates", None) is not None


def _emptied(reason: str) -> Change:
    """No content at all, and another reason for the end."""

    def change(body: dict[str, Any]) -> bool:
        for candidate in body.get("candidates") or ():
            candidate["content"] = {}
            if "finishReason" in candidate:
                candidate["finishReason"] = reason
        return "candidates" in body

    return change


def _data(new: str, media_type: str | None = None) -> Change:
    def change(body: dict[str, Any]) -> bool:
        blobs = _blobs(body)
        for blob in blobs:
            blob["data"] = new
            blob["mimeType"] = media_type or blob["mimeType"]
        return bool(blobs)

    return change


def _cut_blobs(body: dict[str, Any]) -> bool:
    """Every blob as several, each padded by itself: joining the texts loses data."""
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


def _duplicate_id(body: dict[str, Any]) -> bool:
    """The same id in every answer."""
    body["responseId"] = "0" * 22
    return True


def _huge_tool_call(size_bytes: int, body: dict[str, Any]) -> bool:
    call = {"name": "huge", "args": {"text": "x" * size_bytes}}
    for candidate in body.get("candidates") or ():
        if "finishReason" in candidate:
            candidate["content"] = {"parts": [{"functionCall": call}], "role": "model"}
            return True
    return False


_CHANGES: Mapping[FaultKind, Change] = MappingProxyType({
    FaultKind.EMPTY_CHOICES: _no_candidates,
    FaultKind.AUDIO_MISSING: _emptied("OTHER"),
    FaultKind.REFUSAL: _emptied("SAFETY"),
    FaultKind.OTHER_FORMAT: _data(base64.b64encode(SILENT_WAV).decode(), "audio/wav"),
    FaultKind.NONSENSE_AUDIO: _data(NONSENSE),
    FaultKind.INVALID_BASE64: _data(INVALID_BASE64),
    FaultKind.PADDED_BASE64: _cut_blobs,
    **usage_changes("usageMetadata", "candidatesTokenCount", "totalTokenCount"),
    FaultKind.DUPLICATE_ID: _duplicate_id,
})  # fmt: skip
