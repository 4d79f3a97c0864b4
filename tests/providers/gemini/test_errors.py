from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.gemini.wire import CALL

from ossicle.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.rest import CallErrors, Refusal
from ossicle_gemini.errors import LADDER

KEY_INVALID = {
    "error": {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            }
        ],
    }
}
"""As quoted from the vendor's own error pages, 2026-11-23."""


def limited(*quotas: str, wait: str | None = None, message: str = "") -> dict[str, Any]:
    details: list[dict[str, Any]] = []
    if quotas:
        violations = [{"quotaId": quota} for quota in quotas]
        details.append(
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}
        )
    if wait is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait})
    inner = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}
    return {"error": inner}


def error_for(status: int, body: Any, **headers: str) -> ProviderError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = CALL.explain(Refusal(status=status, headers=headers, body=data))
    assert isinstance(found, ProviderError)
    return found


def plain(status: int, code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, KEY_INVALID, AuthenticationError),
        (400, plain(400, "INVALID_ARGUMENT"), RequestRefusedError),
        (400, plain(400, "FAILED_PRECONDITION"), PermissionRefusedError),
        (401, plain(401, "UNAUTHENTICATED"), AuthenticationError),
        (403, plain(403, "PERMISSION_DENIED"), PermissionRefusedError),
        (404, plain(404, "NOT_FOUND"), ModelNotFoundError),
        (404, b"<html>no such page</html>", RequestRefusedError),
        (429, limited(), RateLimitedError),
        (429, limited("GenerateRequestsPerMinutePerProject", wait="34.07s"), RateLimitedError),
        (429, limited("GenerateRequestsPerDayPerProject", wait="34.07s"), QuotaExhaustedError),
        (429, limited(message="Your prepayment credits are depleted."), QuotaExhaustedError),
        (429, limited("PerMinute", message="check your billing details"), RateLimitedError),
        (502, b"<html>Bad gateway</html>", AmbiguousOutcomeError),
    ],
)
def test_each_error_has_its_kind(status: int, body: Any, kind: type[OssicleError]) -> None:
    assert type(error_for(status, body)) is kind


def test_the_wait_of_the_body_counts_before_the_header() -> None:
    both = {"retry-after": "7"}
    assert error_for(429, limited(wait="34.07s"), **both).retry_after_s == pytest.approx(34.07)
    assert error_for(429, limited(), **both).retry_after_s == 7
    assert error_for(503, plain(503, "UNAVAILABLE"), **both).retry_after_s == 7
    assert error_for(429, limited(wait="-3s")).retry_after_s is None
    assert error_for(429, limited(wait="inf")).retry_after_s is None


def test_facts_stand_on_the_error_and_secrets_do_not() -> None:
    blob = "QUJD" * 40
    message = f"key AIzaSyTest-secret and ?key=abc with {blob} is bad"
    error = error_for(400, plain(400, "INVALID_ARGUMENT", message))
    assert (error.status, error.vendor_code) == (400, "INVALID_ARGUMENT")
    assert error.billed is False
    for secret in ("AIzaSyTest-secret", "abc", blob):
        assert secret not in str(error)


def test_a_model_that_ended_names_its_successor() -> None:
    call = CallErrors(ladder=LADDER, model="gemini-2.5-pro", successor="gemini-3.8-flash")
    body = json.dumps(plain(404, "NOT_FOUND")).encode()
    error = call.explain(Refusal(status=404, headers={}, body=body))
    assert "gemini-3.8-flash" in str(error)


def test_the_blamed_field_is_named() -> None:
    detail = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "contents", "description": "no"}],
    }
    body = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [detail]}}
    assert error_for(400, body).param == "contents"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"error": 3}', b"\xff", b"[" * 5000])
def test_any_body_gives_an_error(body: bytes) -> None:
    assert error_for(400, body).status == 400
    assert isinstance(error_for(500, body), AmbiguousOutcomeError)
