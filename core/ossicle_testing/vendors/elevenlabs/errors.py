"""The error answers of the ElevenLabs API, in its own words where they were quoted.

Messages marked (guess) were never seen; they follow the wording of their neighbours.

Source: https://elevenlabs.io/docs/eleven-api/resources/errors and help.elevenlabs.io article
19572237925521; read 2026-11-26.
"""

from __future__ import annotations

from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.refusals import RefusedError, plain_refusal
from ossicle_testing.vendors.schema import Problem

_KINDS = {
    400: "validation_error", 401: "authentication_error", 402: "payment_required",
    403: "authorization_error", 404: "not_found", 429: "rate_limit_error",
}  # fmt: skip


def refused(
    code: str, message: str, *, status: int = 400, param: str | None = None
) -> RefusedError:
    """The way out of a route with one of the vendor's errors."""
    return RefusedError(_answer(code, message, status=status, param=param))


def missing_key() -> RefusedError:
    """No key at all."""
    return refused(
        "needs_authorization",
        "Neither authorization header nor xi-api-key received, please provide one.",
        status=401,
    )


def wrong_key() -> RefusedError:
    """A key that is not known."""
    return refused("invalid_api_key", "Invalid API key", status=401)


def model_not_found(model: str) -> RefusedError:
    """A name that no model has, or one that does something else."""
    message = f"A model with model ID {model[:64]} does not exist."
    return refused("model_not_found", message, param="model_id")


def voice_not_found() -> RefusedError:
    """An id that no voice of the account has."""
    return refused(
        "voice_not_found", "A voice with this voice_id was not found.", status=404, param="voice_id"
    )


def invalid_body(problem: Problem) -> RefusedError:
    """A body that does not fit the schema: a list, as FastAPI writes it."""
    entry = {
        "type": problem.rule,
        "loc": ["body", *problem.path.split(".")],
        "msg": f"{problem.rule}: expected {' or '.join(problem.expected) or 'another field'}",
    }
    return RefusedError(json_response({"detail": [entry]}, status=422))


def refuse(fault: Fault, request: Request) -> Response:
    """The answer to a request that a fault of the status group strikes."""
    status = fault.facts.status or 500
    match fault.kind:
        case FaultKind.STATUS_429:
            return _answer(
                "concurrent_limit_exceeded",
                "Too many concurrent requests. Your current subscription is associated with a "
                "maximum of 5 concurrent requests.",
                status=429,
            )
        case FaultKind.QUOTA_429:
            return _answer(
                "quota_exceeded",
                "You have insufficient quota to complete this request.",
                status=429,
            )
        case FaultKind.STATUS_401:
            return wrong_key().response
        case FaultKind.STATUS_403:
            return _answer(
                "missing_permissions",
                "The API key you used is missing the permission text_to_speech.",
                status=403,
            )
        case FaultKind.STATUS_404:
            return voice_not_found().response
        case FaultKind.STATUS_400 | FaultKind.AUDIO_NOT_FOUND | FaultKind.STATUS_422:
            problem = Problem(path="text", rule="type", expected=("string",))
            return (
                invalid_body(problem).response
                if fault.kind is FaultKind.STATUS_422
                else _answer("invalid_parameters", "Invalid parameters.", status=status)
            )
        case FaultKind.STATUS_413:
            return _answer("file_too_large", "The file is too large.", status=413)  # (guess)
        case FaultKind.STATUS_503 | FaultKind.STATUS_529:
            return _answer("system_busy", "The system is busy, please try again.", status=status)
        case FaultKind.STATUS_500 | FaultKind.STATUS_408 | FaultKind.STATUS_409:
            return _answer("internal_error", "Internal server error.", status=status)  # (guess)
        case _:
            return plain_refusal(fault, request)


def _answer(code: str, message: str, *, status: int, param: str | None = None) -> Response:
    detail = {"type": _KINDS.get(status, "internal_error"), "code": code, "message": message,
              "status": code}  # fmt: skip
    return json_response(
        {"detail": detail if param is None else {**detail, "param": param}}, status=status
    )
