from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    ContentRefusedError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.rest import CallErrors, Refusal
from ossicle_elevenlabs.errors import LADDER

KEY = "sk_0123456789abcdef"
CALL = CallErrors(ladder=LADDER, model="eleven_turbo_v2_5", successor="eleven_flash_v2_5", key=KEY)


def said(status: int, detail: object, **headers: str) -> ProviderError:
    body = json.dumps({"detail": detail}).encode()
    named = {"request-id": "req7", **{name.replace("_", "-"): headers[name] for name in headers}}
    error = CALL.explain(Refusal(status=status, headers=named, body=body, now_s=1e9))
    assert isinstance(error, ProviderError)
    assert error.request_id == "req7"
    assert error.fix
    return error


def detail(code: str, message: str = "No.", **more: Any) -> dict[str, Any]:
    """Both of the vendor's forms have been seen; the newer one has a `code`."""
    return {"code": code, "message": message, **more}


@pytest.mark.parametrize(
    ("status", "code", "kind", "billed"),
    [
        (401, "invalid_api_key", AuthenticationError, False),
        (401, "needs_authorization", AuthenticationError, False),
        (401, "quota_exceeded", QuotaExhaustedError, False),
        (400, "quota_exceeded", QuotaExhaustedError, False),
        (402, "anything", QuotaExhaustedError, False),
        (401, "missing_permissions", PermissionRefusedError, False),
        (401, "detected_unusual_activity", PermissionRefusedError, False),
        (403, "anything", PermissionRefusedError, False),
        (400, "model_not_found", ModelNotFoundError, False),
        (404, "voice_not_found", RequestRefusedError, False),
        (400, "max_character_limit_exceeded", RequestRefusedError, False),
        (400, "content_against_policy", ContentRefusedError, False),
        (429, "too_many_concurrent_requests", RateLimitedError, False),
        (429, "concurrent_limit_exceeded", RateLimitedError, False),
        (429, "rate_limit_exceeded", RateLimitedError, False),
        (429, "system_busy", ProviderUnavailableError, False),
        (500, "internal_error", ProviderUnavailableError, None),
        (503, "anything", ProviderUnavailableError, False),
    ],
)
@pytest.mark.parametrize("field", ["code", "status"])
def test_codes_decide_before_statuses(
    status: int, code: str, kind: type[OssicleError], billed: bool | None, field: str
) -> None:
    error = said(status, {field: code, "message": "No."})
    assert type(error) is kind
    assert error.billed is billed
    assert (error.status, error.vendor_code) == (status, code)
    assert "No" in str(error)


def test_a_body_that_does_not_fit_is_blamed_on_its_field() -> None:
    entry = {"loc": ["body", "voice_settings", "speed"], "msg": "too fast", "type": "less_than"}
    error = said(422, [entry])
    assert type(error) is RequestRefusedError
    assert (error.param, error.vendor_code) == ("voice_settings.speed", "less_than")
    assert "too fast" in str(error)


def test_a_model_that_is_gone_has_a_successor() -> None:
    assert "eleven_flash_v2_5" in str(said(400, detail("model_not_found")))


def test_what_the_caller_said_is_not_repeated() -> None:
    call = CallErrors(
        ladder=LADDER, model="eleven_v3", said=("My secret name is Rumpelstiltskin.",)
    )
    message = "The text 'my secret name is Rumpelstiltskin' is not allowed."
    body = json.dumps({"detail": detail("content_against_policy", message)}).encode()
    error = call.explain(Refusal(status=400, headers={}, body=body))
    assert "Rumpel" not in str(error)
    assert "is not allowed" in str(error)


def test_a_wait_is_read() -> None:
    assert said(429, detail("rate_limit_exceeded"), retry_after="7").retry_after_s == 7.0
    assert said(429, detail("system_busy"), retry_after="nan").retry_after_s is None


def test_what_another_server_says_in_between_decides_nothing() -> None:
    error = CALL.explain(Refusal(status=502, headers={"retry-after": "3"}, body=b"<html>"))
    assert isinstance(error, AmbiguousOutcomeError)
    assert error.retry_after_s == 3.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(f"key {KEY}") | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["detail", "code", "status", "message", "param", "type", "loc", "msg"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(JSON | st.binary(max_size=40), st.integers(300, 599))
def test_no_answer_breaks_the_translation_or_tells_the_key(body: object, status: int) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = CALL.explain(Refusal(status=status, headers={}, body=data))
    assert isinstance(error, OssicleError)
    assert KEY not in f"{error} {vars(error)}"
