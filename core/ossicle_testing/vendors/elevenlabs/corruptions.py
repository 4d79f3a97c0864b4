"""Content faults that need to know the vendor's bodies: applied to a finished response."""

from __future__ import annotations

from dataclasses import replace

from ossicle_testing.vendors.corruptions import SILENT_WAV, WRONG_USAGE, change_json, corrupt
from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Response, json_response

_ERROR = {"detail": {"type": "internal_error", "code": "internal_error",
                     "message": "Internal server error."}}  # fmt: skip


def corrupt_response(fault: Fault, response: Response) -> Response | None:
    """The corrupted response, or `None` where the fault has no meaning for it.

    Falls back to the faults that any vendor's response can have.
    """
    if response.status >= 400:
        return None
    is_audio = response.content_type.startswith("audio/")
    match fault.kind:
        case FaultKind.ERROR_BODY_200:
            corrupted = json_response(_ERROR)
            return replace(response, headers=corrupted.headers, body=corrupted.body)
        case FaultKind.AUDIO_MISSING if is_audio:
            return replace(response, body=())
        case FaultKind.OTHER_FORMAT if is_audio:
            return replace(response, body=(SILENT_WAV,))  # whatever was asked for
        case kind if kind in WRONG_USAGE and is_audio:
            return _with_cost(response, WRONG_USAGE[kind])
        case FaultKind.EMPTY_CHOICES if not is_audio:
            return change_json(response, lambda body: body.pop("text", None) is not None)
        case _:
            return corrupt(fault, response)


def _with_cost(response: Response, cost: object) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0] != "character-cost")
    more = () if cost is None else (("character-cost", str(cost)),)
    return replace(response, headers=(*kept, *more))
