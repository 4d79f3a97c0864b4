"""Content faults that need to know the vendor's bodies: applied to a finished response."""

from __future__ import annotations

import json
from dataclasses import replace

from ossicle_testing.vendors.corruptions import tamper
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Response, json_bytes, json_response
from ossicle_testing.vendors.sound import wav_header

_ERROR = {"detail": {"type": "internal_error", "code": "internal_error",
                     "message": "Internal server error."}}  # fmt: skip


def spoil(fault: Fault, response: Response) -> Response | None:
    """The spoiled response, or `None` where the fault has no meaning for it.

    Falls back to the faults that any vendor's response can have.
    """
    if response.status >= 400:
        return None
    is_sound = response.content_type.startswith("audio/")
    match fault.kind:
        case FaultKind.ERROR_BODY_200:
            spoiled = json_response(_ERROR)
            return replace(response, headers=spoiled.headers, body=spoiled.body)
        case FaultKind.AUDIO_MISSING if is_sound:
            return replace(response, body=())
        case FaultKind.OTHER_FORMAT if is_sound:
            # A WAV file with half a second of silence, whatever was asked for.
            return replace(response, body=(wav_header(24_000) + bytes(24_000),))
        case FaultKind.USAGE_MISSING if is_sound:
            return _with_cost(response, None)
        case FaultKind.USAGE_NEGATIVE if is_sound:
            return _with_cost(response, "-5")
        case FaultKind.USAGE_NAN if is_sound:
            return _with_cost(response, "nan")
        case FaultKind.USAGE_STRING if is_sound:
            return _with_cost(response, "many")
        case FaultKind.USAGE_HUGE if is_sound:
            return _with_cost(response, str(10**18))
        case FaultKind.EMPTY_CHOICES if not is_sound and isinstance(response.body, bytes):
            body = json.loads(response.body)
            return replace(
                response, body=json_bytes({name: body[name] for name in body if name != "text"})
            )
        case _:
            return tamper(fault, response)


def _with_cost(response: Response, cost: str | None) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0] != "character-cost")
    more = () if cost is None else (("character-cost", cost),)
    return replace(response, headers=(*kept, *more))
