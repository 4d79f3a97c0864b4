"""The error answers of OpenAI, in its own words where they were captured.

Messages marked (guess) were never seen; they follow the wording of their neighbours.
"""

from __future__ import annotations

import json

from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.openai.quirks import ErrorStyle, Quirks
from ossicle_testing.vendors.refusals import plain_refusal

INVALID_REQUEST = "invalid_request_error"


class ApiError(Exception):
    """An answer other than 200; it never leaves the fake vendor.

    Attributes:
        status: HTTP status.
        message: In words.
        kind: The `type` of the body.
        param: The parameter at fault, or `None`.
        code: The vendor's code, or `None`.
        content_type: Media type of the body.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = INVALID_REQUEST,
        param: str | None = None,
        code: str | None = None,
        content_type: str = "application/json",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.content_type = content_type


def error_response(error: ApiError, style: ErrorStyle) -> Response:
    """The error as a response in the server's style."""
    inner = {
        "message": error.message, "type": error.kind, "param": error.param, "code": error.code,
    }  # fmt: skip
    bodies: dict[ErrorStyle, object] = {
        "nested": {"error": inner},
        "flat": {"object": "error", **inner, "code": error.status},
        "detail": {"detail": error.message},
        "zod": {"success": False, "error": {"name": "ZodError", "message": json.dumps([inner])}}
        if error.status == 400
        else {"error": {"message": error.message, "code": error.status}},
        "text": {"error": error.message},
    }
    # FastAPI answers 422 where others answer 400.
    status = 422 if style == "detail" and error.status == 400 else error.status
    return json_response(bodies[style], status=status, content_type=error.content_type)


def wrong_key(key: str) -> ApiError:
    """A key that is not known; the vendor echoes it masked, as text/plain (captured 2026-09)."""
    masked = f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * 8
    return ApiError(
        f"Incorrect API key provided: {masked}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        status=401,
        code="invalid_api_key",
        content_type="text/plain; charset=utf-8",
    )


def missing_key() -> ApiError:
    """No key at all."""
    return ApiError(
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field "
        "(with blank username) if you're accessing the API from your browser and are prompted for "
        "a username and password. You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
        status=401,
    )


def model_not_found(model: str) -> ApiError:
    """A name that no model has."""
    return ApiError(
        f"The model `{model}` does not exist or you do not have access to it.",
        status=404,
        code="model_not_found",
    )


def model_gone(model: str) -> ApiError:
    """A model after its last day."""
    return ApiError(
        f"The model `{model}` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations",
        status=404,
        code="model_not_found",
    )


def audio_not_found(audio_id: str, *, message_index: int, status: int = 400) -> ApiError:
    """An audio id that is unknown, expired or of another account (captured)."""
    return ApiError(
        f"Assistant audio {audio_id} not found.",
        status=status,
        param=f"content.messages[{message_index}].audio.id",
        code="audio_not_found",
    )


def no_audio_anywhere() -> ApiError:
    """Text in and text out on an audio model (captured)."""
    return ApiError(
        "This model requires that either input content or output modality contain audio.",
        param="model",
        code="invalid_value",
    )


def not_valid_audio(format: str, *, message: int, part: int) -> ApiError:
    """Input audio that does not decode as what it claims to be (captured)."""
    return ApiError(
        f"The data provided for 'input_audio' is not of valid {format} format.",
        param=f"messages.[{message}].content.[{part}].input_audio.data",
        code="invalid_value",
    )


def audio_too_short(*, message: int, part: int) -> ApiError:
    """Less than a tenth of a second (message captured, the rest a guess)."""
    return ApiError(
        "Input audio is too short. Provide at least 0.1 seconds.",
        param=f"messages.[{message}].content.[{part}].input_audio.data",
        code="invalid_value",
    )


def unsupported_input_format() -> ApiError:
    """An `input_audio.format` other than wav and mp3 (captured)."""
    return ApiError(
        "This model does not support the format you provided.",
        param="messages",
        code="unsupported_format",
    )


def unsupported_stream_format(format: str, allowed: frozenset[str]) -> ApiError:
    """An output format that cannot be streamed (captured for wav and mp3)."""
    names = ", ".join(f"'{name}'" for name in sorted(allowed))
    return ApiError(
        f"Unsupported value: 'audio.format' does not support '{format}' when stream=true. "
        f"Supported values are: {names}.",
        param="audio.format",
        code="unsupported_value",
    )


def no_audio_parts(message: int) -> ApiError:
    """Audio sent to a text model (captured)."""
    return ApiError(
        f"Invalid 'messages[{message}]'. Content blocks are expected to be either text or "
        "image_url type.",
        param=f"messages[{message}]",
        code="invalid_value",
    )


def unknown_value(value: object, allowed: tuple[str, ...], *, param: str) -> ApiError:
    """A value outside a fixed set."""
    names = [f"'{name}'" for name in allowed]
    listed = ", ".join(names[:-1]) + f", and {names[-1]}" if len(names) > 1 else "".join(names)
    return ApiError(
        f"Invalid value: '{value}'. Supported values are: {listed}.",
        param=param,
        code="invalid_value",
    )


def no_json_schema() -> ApiError:
    """Structured output on an audio model (captured)."""
    return ApiError(
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this "
        "model. Learn more about supported models at the Structured Outputs guide: "
        "https://platform.openai.com/docs/guides/structured-outputs"
    )


_STATUS_ERRORS = {
    FaultKind.STATUS_400: ("Invalid request.", INVALID_REQUEST, None),
    FaultKind.STATUS_403: (
        "You are not allowed to generate from this model", "permission_error", None,
    ),
    FaultKind.STATUS_408: ("Request timed out.", "server_error", "timeout"),
    FaultKind.STATUS_409: ("Request conflicted with another.", "server_error", "conflict"),
    FaultKind.STATUS_413: (
        "Maximum content size limit (26214400) exceeded (26214850 bytes read)", "server_error",
        None,
    ),
    FaultKind.STATUS_422: ("Unprocessable request.", INVALID_REQUEST, None),
    FaultKind.STATUS_429: (
        "Rate limit reached for requests. Please try again later.", "requests",
        "rate_limit_exceeded",
    ),
    FaultKind.QUOTA_429: (
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota", "insufficient_quota",
    ),
    FaultKind.STATUS_500: (
        "The server had an error while processing your request. Sorry about that!",
        "server_error", None,
    ),
    FaultKind.STATUS_503: (
        "The engine is currently overloaded, please try again later.", "server_error", None,
    ),
    FaultKind.STATUS_529: ("Overloaded", "overloaded_error", None),
}  # fmt: skip


def refuse(fault: Fault, request: Request, quirks: Quirks) -> Response:
    """The vendor's answer to a request that a fault of the status group strikes."""
    if fault.kind is FaultKind.STATUS_401:
        return error_response(wrong_key("sk-proj-0123456789009900"), quirks.error_style)
    if fault.kind is FaultKind.STATUS_404:
        return error_response(model_not_found(_model_of(request)), quirks.error_style)
    if fault.kind is FaultKind.AUDIO_NOT_FOUND:
        return error_response(_lost_reference(request, quirks), quirks.error_style)
    if fault.kind not in _STATUS_ERRORS:
        return plain_refusal(fault, request)
    message, kind, code = _STATUS_ERRORS[fault.kind]
    error = ApiError(message, status=fault.facts.status or 500, kind=kind, code=code)
    return error_response(error, quirks.error_style)


def _model_of(request: Request) -> str:
    try:
        return str(request.json()["model"])
    except (ValueError, KeyError, TypeError):
        return "unknown"


def _lost_reference(request: Request, quirks: Quirks) -> ApiError:
    status = quirks.unknown_reference_status
    try:
        for index, message in enumerate(request.json()["messages"]):
            if isinstance(message, dict) and message.get("audio"):
                return audio_not_found(message["audio"]["id"], message_index=index, status=status)
    except (ValueError, KeyError, TypeError):
        pass
    return audio_not_found(f"audio_{0:032x}", message_index=0, status=status)
