"""Responses that arrive whole and are wrong, and how a fake spoils bodies of its own."""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from ossicle_testing.vendors.audio import wav_header
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import (
    JSON,
    Pause,
    Response,
    event,
    json_bytes,
    parse_event,
)
from ossicle_testing.vendors.refusals import HTML

Corrupt = Callable[[Fault, Response], Response | None]
"""Spoils a response, or gives `None` where the fault has no meaning for it."""

Change = Callable[[dict[str, Any]], bool]
"""Changes a JSON body, or one event of a stream, in place; returns whether it did."""

SILENT_WAV = wav_header(24_000) + bytes(24_000)
"""Half a second of silence at 24 kHz."""

NONSENSE = base64.b64encode(b"This is not audio. " * 50).decode()
INVALID_BASE64 = "@@@ this is not base64 @@@"

WRONG_USAGE: Mapping[FaultKind, object] = MappingProxyType({
    FaultKind.USAGE_MISSING: None,
    FaultKind.USAGE_NEGATIVE: -5,
    FaultKind.USAGE_NAN: math.nan,
    FaultKind.USAGE_STRING: "many",
    FaultKind.USAGE_HUGE: 10**18,
})  # fmt: skip
"""What stands in place of a count; `None` leaves the usage out."""

SERVER_ERROR = {
    "error": {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    }
}


def change_json(response: Response, change: Change) -> Response | None:
    """The response with its JSON body, or each event of its stream, changed.

    `None` where there was nothing to change.
    """
    if isinstance(response.body, bytes):
        is_json = response.content_type.startswith(JSON)
        body = json.loads(response.body) if is_json else None
        if not isinstance(body, dict) or not change(body):
            return None
        return replace(response, body=json_bytes(body))
    items: list[bytes | Pause] = []
    is_changed = False
    for item in response.body:
        body = parse_event(item) if isinstance(item, bytes) else None
        changes = body is not None and change(body)
        is_changed = is_changed or changes
        items.append(event(body) if changes else item)
    return replace(response, body=tuple(items)) if is_changed else None


def usage_changes(usage: str, *counts: str) -> dict[FaultKind, Change]:
    """The change for each fault of the usage.

    Args:
        usage: The field of the body that holds the usage.
        counts: Those of its fields that are corrupted.
    """

    def change(value: object, body: dict[str, Any]) -> bool:
        if not isinstance(body.get(usage), dict):
            return False
        if value is None:
            del body[usage]
        else:
            body[usage] |= {name: value for name in counts if name in body[usage]}
        return True

    return {kind: partial(change, value) for kind, value in WRONG_USAGE.items()}


def corrupt(fault: Fault, response: Response) -> Response | None:
    """The corrupted response, or `None` where the fault has no meaning for it.

    Handles the stream group and those of the content group that need no look into the body.
    """
    if response.status >= 400:
        return None
    if fault.facts.group == "stream":
        return _tamper_stream(fault, response)
    match fault.kind:
        case FaultKind.HTML_200:
            return _with_body(response, HTML, content_type="text/html; charset=utf-8")
        case FaultKind.EMPTY_BODY:
            return replace(response, body=b"" if isinstance(response.body, bytes) else ())
        case FaultKind.ERROR_BODY_200:
            return _with_json(response, event(SERVER_ERROR)[6:-2])
        case FaultKind.BROKEN_JSON:
            return _with_json(response, b'{"id": "broken", "choices": [{"message": {')
        case FaultKind.WRONG_JSON_TYPE:
            return _with_json(response, b'["not", "an", "object"]')
        case FaultKind.JSON_FOR_STREAM:
            return _json_for_stream(response)
        case FaultKind.NONSENSE_AUDIO:
            return _nonsense(fault, response)
        case FaultKind.WRONG_REQUEST_ID:
            return _wrong_request_id(response)
        case _:
            return None


def _with_body(response: Response, body: bytes, *, content_type: str) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0].lower() != "content-type")
    return replace(response, headers=(("content-type", content_type), *kept), body=body)


def _with_json(response: Response, body: bytes) -> Response:
    if response.is_event_stream:
        return replace(response, body=(b"data: " + body + b"\n\n", b"data: [DONE]\n\n"))
    return _with_body(response, body, content_type=JSON)


def _json_for_stream(response: Response) -> Response | None:
    if not response.is_event_stream:
        return None
    return _with_body(response, b'{"object":"chat.completion","choices":[]}', content_type=JSON)


def _nonsense(fault: Fault, response: Response) -> Response | None:
    if not response.content_type.startswith("audio/"):
        return None
    nonsense = b"This is not audio, whatever the header says. " * (1 + fault.size_bytes // 64 % 64)
    body = nonsense if isinstance(response.body, bytes) else (nonsense,)
    return replace(response, body=body)


def _wrong_request_id(response: Response) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0].lower() != "x-request-id")
    return replace(response, headers=(*kept, ("x-request-id", "req_of_somebody_else")))


def _tamper_stream(fault: Fault, response: Response) -> Response | None:
    if not response.is_event_stream or isinstance(response.body, bytes):
        return None
    events = [item for item in response.body if isinstance(item, bytes)]
    corrupted = _corrupt_stream_body(fault, events)
    return None if corrupted is None else replace(response, body=corrupted)


def _corrupt_stream_body(fault: Fault, events: list[bytes]) -> Iterable[bytes | Pause] | None:
    middle = min(max(1, int(len(events) * fault.at)), max(1, len(events) - 2))
    match fault.kind:
        case FaultKind.STREAM_NO_END:
            return _without_end(events)
        case FaultKind.STREAM_CUT_IN_BASE64:
            return _cut_in_base64(events)
        case FaultKind.STREAM_CUT_IN_UTF8:
            return _cut_in_utf8(events)
        case FaultKind.STREAM_ERROR_EVENT:
            return (*events[:middle], event(SERVER_ERROR))
        case FaultKind.STREAM_ONLY_COMMENTS:
            return _comments(fault)
        case FaultKind.STREAM_DUPLICATE:
            return (*events[: middle + 1], *events[middle:])
        case FaultKind.STREAM_OUT_OF_ORDER if len(events) > middle + 1:
            swapped = (events[middle + 1], events[middle])
            return (*events[:middle], *swapped, *events[middle + 2 :])
        case FaultKind.STREAM_HUGE_LINE:
            # White space is allowed between the tokens of JSON: a valid line, only long.
            padded = events[middle].replace(b"data: {", b"data: {" + b" " * fault.size_bytes, 1)
            if padded == events[middle]:
                return None
            return (*events[:middle], padded, *events[middle + 1 :])
        case _:
            return None


def _without_end(events: list[bytes]) -> tuple[bytes, ...]:
    """All events up to the last that carries audio or text, so that nothing says that it ended."""
    for last in range(len(events) - 1, -1, -1):
        if any(mark in events[last] for mark in _PAYLOADS):
            return tuple(events[: last + 1])
    return tuple(events[:1])


_PAYLOADS = (b'"data":"', b'"transcript":"', b'"content":"', b'.delta"', b'"arguments":"')


def _cut_in_base64(events: list[bytes]) -> tuple[bytes, ...] | None:
    for index, piece in enumerate(events):
        for mark in (b'"data":"', b'"audio":"'):
            start = piece.find(mark)
            if start >= 0:
                first = start + len(mark)
                length = piece.index(b'"', first) - first
                # An odd number of characters: neither a group of four nor a whole sample.
                return (*events[:index], piece[: first + (length // 2 | 1)])
    return None


def _cut_in_utf8(events: list[bytes]) -> tuple[bytes, ...] | None:
    for index, piece in enumerate(events):
        for position, byte in enumerate(piece):
            if byte >= 0xC2:
                return (*events[:index], piece[: position + 1])
    return None


def _comments(fault: Fault) -> Iterator[bytes | Pause]:
    for _ in itertools.count():
        yield b": keep-alive\n\n"
        yield Pause(seconds=fault.delay_s)
