"""The error answers of the Gemini API, in its own words where they were quoted.

Messages marked (guess) were never seen; they follow the wording of their neighbours.

Source: issues of google-gemini/gemini-cli (10925, 14831), TheKentuckian/robot_comic (122) and
https://ai.google.dev/gemini-api/docs/troubleshooting, read 2026-11-23.
"""

from __future__ import annotations

from typing import Any

from ossicle_testing.vendors.faults import Fault, FaultKind
from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.refusals import RefusedError, plain_refusal

_TYPE = "type.googleapis.com/google.rpc."

STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    408: "CANCELLED", 409: "ABORTED", 413: "INVALID_ARGUMENT", 422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}  # fmt: skip

INTERNAL = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)


class ApiError(RefusedError):
    """An answer other than 200.

    Attributes:
        body: The body of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        details: tuple[dict[str, Any], ...] = (),
    ) -> None:
        name = code or STATUSES.get(status, "UNKNOWN")
        inner = {"code": status, "message": message, "status": name}
        more = {"details": list(details)} if details else {}
        self.body = {"error": {**inner, **more}}
        media_type = "application/json; charset=UTF-8"
        super().__init__(json_response(self.body, status=status, content_type=media_type))


def wrong_key() -> ApiError:
    """A key that is not known: a 400, not a 401."""
    reason = {"@type": f"{_TYPE}ErrorInfo", "reason": "API_KEY_INVALID",
              "domain": "googleapis.com",
              "metadata": {"service": "generativelanguage.googleapis.com"}}  # fmt: skip
    return ApiError("API key not valid. Please pass a valid API key.", details=(reason,))


def missing_key() -> ApiError:
    """No key at all."""
    return ApiError(
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API.",
        status=403,
    )


def model_not_found(model: str, method: str) -> ApiError:
    """A name that no model has, or a method that it does not know."""
    return ApiError(
        f"models/{model} is not found for API version v1beta, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
        status=404,
    )


def unknown_field(name: str, where: str) -> ApiError:
    """A field that the interface does not have."""
    place = f"'{where}'" if where else "the request"
    message = f'Invalid JSON payload received. Unknown name "{name}" at {place}: Cannot find field.'
    violation = {"field": where, "description": message}
    return ApiError(
        message, details=({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]},)
    )


def rate_limited(quota: str, *, wait_s: float | None) -> ApiError:
    """Too many requests: by the minute, or by the day."""
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPE}QuotaFailure", "violations": [
            {"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
             "quotaId": quota},
        ]},
        {"@type": f"{_TYPE}Help", "links": [
            {"description": "Learn more about Gemini API quotas",
             "url": "https://ai.google.dev/gemini-api/docs/rate-limits"},
        ]},
    ]  # fmt: skip
    if wait_s is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{wait_s:g}s"})
    return ApiError(
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
        status=429,
        details=tuple(details),
    )


def refuse(fault: Fault, request: Request) -> Response:
    """The answer to a request that a fault of the status group strikes."""
    match fault.kind:
        case FaultKind.STATUS_429:
            error = rate_limited("GenerateRequestsPerMinutePerProjectPerModel", wait_s=None)
        case FaultKind.QUOTA_429:
            error = rate_limited(
                "GenerateRequestsPerDayPerProjectPerModel-FreeTier", wait_s=fault.retry_after_s
            )
        case FaultKind.STATUS_400 | FaultKind.STATUS_422 | FaultKind.AUDIO_NOT_FOUND:
            status = fault.facts.status or 400
            error = ApiError("Request contains an invalid argument.", status=status)
        case FaultKind.STATUS_401:
            error = ApiError(
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
                status=401,
            )
        case FaultKind.STATUS_403:
            error = ApiError("The caller does not have permission", status=403)
        case FaultKind.STATUS_404:
            error = model_not_found(request.params.get("model", "none"), "generateContent")
        case FaultKind.STATUS_413:
            error = ApiError("Request payload size exceeds the limit: 104857600 bytes.", status=413)
        case FaultKind.STATUS_503 | FaultKind.STATUS_529:
            error = ApiError(
                "The model is overloaded. Please try again later.", status=fault.facts.status or 503
            )
        case FaultKind.STATUS_500 | FaultKind.STATUS_408 | FaultKind.STATUS_409:
            error = ApiError(INTERNAL, status=fault.facts.status or 500)
        case _:
            return plain_refusal(fault, request)
    return error.response
