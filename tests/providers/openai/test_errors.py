from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioReferenceNotFoundError,
    AuthenticationError,
    ContentRefusedError,
    InvalidReplyError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderConnectionError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.rest import CallErrors, Refusal
from ossicle_openai.errors import LADDER

KEY = "sk-proj-abcdefghijklmnop9900"
CALL = CallErrors(
    ladder=LADDER,
    model="gpt-4o-audio-preview",
    successor="gpt-audio-1.5",
    key=KEY,
    origins=(None, 0, 1, 1, 2),
)


def reply(
    status: int,
    message: str = "",
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    call: CallErrors = CALL,
    **fields: Any,
) -> OssicleError:
    if body is None:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        body = json.dumps({"error": error | fields}).encode()
    headers = {"x-request-id": "req_1", **(headers or {})}
    return call.explain(Refusal(status=status, headers=headers, body=body))


# Verbatim bodies of the vendor, with their sources in the reference of the project.
CATALOGUE: list[tuple[int, str, dict[str, Any], type[ProviderError], str]] = [
    (400, "This model requires that either input content or output modality contain audio.",
     {"param": "model", "code": "invalid_value"}, RequestRefusedError, "ask for audio"),
    (400, "Invalid 'messages[1]'. Content blocks are expected to be either text or image_url type.",
     {"param": "messages[1]", "code": "invalid_value"}, RequestRefusedError, ""),
    (400, "The data provided for 'input_audio' is not of valid wav format.",
     {"param": "messages.[0].content.[1].input_audio.data", "code": "invalid_value"},
     RequestRefusedError, "16-bit WAV"),
    (400, "This model does not support the format you provided.",
     {"param": "messages", "code": "unsupported_format"}, RequestRefusedError, "WAV"),
    (400, "Unsupported value: 'audio.format' does not support 'wav' when stream=true.",
     {}, RequestRefusedError, "pcm16"),
    (400, "String should have at most 4096 characters", {"type": "string_too_long"},
     RequestRefusedError, "shorter text"),
    (400, "Input of 2132 tokens is over the maximum input limit of 2000 tokens.",
     {"code": "invalid_value"}, RequestRefusedError, "shorter text"),
    (400, "audio duration 1830.53 seconds is longer than 1400 seconds which is the maximum",
     {"code": "invalid_value"}, RequestRefusedError, "shorter audio"),
    (400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported",
     {}, RequestRefusedError, "structured output"),
    (400, "Audio file might be corrupted or unsupported", {"param": "file"},
     RequestRefusedError, "WAV"),
    (400, "Unsupported file format bin", {"code": "unsupported_value"}, RequestRefusedError, "WAV"),
    (400, "Your request was rejected", {"code": "content_policy_violation"},
     ContentRefusedError, ""),
    (401, "Incorrect API key provided: sk-proj-****9900.", {"code": "invalid_api_key"},
     AuthenticationError, "Check the key"),
    (402, "Insufficient credits", {}, QuotaExhaustedError, ""),
    (403, "Country not supported", {"code": "unsupported_country"}, PermissionRefusedError, ""),
    (404, "The model `x` does not exist", {"code": "model_not_found"},
     ModelNotFoundError, "gpt-audio-1.5"),
    (404, "Invalid URL", {}, RequestRefusedError, "base_url"),
    (413, "Maximum content size limit (26214400) exceeded", {"type": "server_error"},
     RequestRefusedError, "less audio"),
    (422, "Unprocessable", {}, RequestRefusedError, ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "fields", "kind", "fix"), CATALOGUE)
def test_refusals(
    status: int, message: str, fields: dict[str, Any], kind: type[ProviderError], fix: str
) -> None:
    error = reply(status, message, **fields)
    assert type(error) is kind
    assert isinstance(error, ProviderError)
    assert not error.retryable
    assert error.billed is False
    assert (error.status, error.request_id) == (status, "req_1")
    assert error.param == fields.get("param")
    assert fix.lower() in str(error.fix).lower()


def test_a_dead_audio_id_names_the_turn_of_the_request() -> None:
    error = reply(
        400,
        "Assistant audio audio_67544060dacc8190b5bcc01f9be218e9 not found.",
        param="content.messages[3].audio.id",
        code="audio_not_found",
    )
    assert isinstance(error, AudioReferenceNotFoundError)
    assert error.reference_id == "audio_67544060dacc8190b5bcc01f9be218e9"
    assert error.message_index == 1
    beyond = reply(400, "x", param="messages[99].audio.id", code="audio_not_found")
    assert isinstance(beyond, AudioReferenceNotFoundError)
    assert beyond.message_index is None


def test_limits_and_overload_are_clean_and_may_be_repeated() -> None:
    for status, kind in ((429, RateLimitedError), (503, ProviderUnavailableError),
                         (529, ProviderUnavailableError)):  # fmt: skip
        error = reply(status, "later", headers={"retry-after": "7"})
        assert type(error) is kind
        assert isinstance(error, ProviderError)
        assert (error.retryable, error.billed, error.retry_after_s) == (True, False, 7.0)


def test_a_spent_quota_is_not_repeated() -> None:
    error = reply(429, "You exceeded your current quota", code="insufficient_quota")
    assert type(error) is QuotaExhaustedError
    assert not error.retryable
    assert reply(429, "x", type="insufficient_quota").code == "quota_exhausted"


@pytest.mark.parametrize("status", [408, 409, 500, 520])
def test_failures_by_the_vendors_own_word_may_have_been_billed(status: int) -> None:
    error = reply(status, "The server had an error", type="server_error")
    assert type(error) is ProviderUnavailableError
    assert error.billed is None
    assert error.vendor_code == "server_error"
    free = CallErrors(ladder=LADDER, model="m", failed_requests_are_billed=False)
    assert reply(status, "x", call=free).billed is False  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [408, 500, 502, 504])
@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"[]", b"{}", b"\xff", b"{"])
def test_failures_that_someone_in_between_tells_are_ambiguous(status: int, body: bytes) -> None:
    error = reply(status, body=body)
    assert type(error) is AmbiguousOutcomeError
    assert error.billed is None
    assert error.status == status


def test_redirects_and_proxies() -> None:
    assert type(reply(307, body=b"")) is InvalidReplyError
    proxy = reply(407, body=b"")
    assert isinstance(proxy, ProviderConnectionError)
    assert not proxy.retryable


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"object": "error", "message": "flat", "type": "BadRequestError", "code": 400}, "flat"),
        ({"error": "text"}, "text"),
        ({"detail": "detail"}, "detail"),
        ({"detail": [{"loc": ["body", "voice"], "msg": "bad"}]}, "body.voice: bad"),
        ({"success": False, "error": {"issues": [{"path": ["x"], "message": "bad"}],
                                      "name": "ZodError"}}, "x: bad"),
        ({"error": {"message": 3, "code": 5}}, ""),
    ],
)  # fmt: skip
def test_error_bodies_of_other_servers(body: dict[str, Any], words: str) -> None:
    error = reply(400, body=json.dumps(body).encode())
    assert type(error) is RequestRefusedError
    assert words in str(error)


def test_no_key_is_ever_told() -> None:
    echoes = [KEY, "sk-proj-****9900", "Bearer abc.def", "AAAA" * 50, "gsk_abcdefgh1234"]
    for status in (400, 401, 403, 404, 429, 500, 503):
        error = reply(status, " and ".join(echoes), code=KEY, param=KEY, type=KEY)
        text = f"{error} {error!r} {vars(error)} {error.args}"
        for echo in echoes:
            assert echo not in text, status


def test_long_and_hostile_texts_are_tamed() -> None:
    error = reply(400, "x\x1b[31m\n" + "ab " * 5000)
    assert len(str(error)) < 600
    assert "\x1b" not in str(error)
    assert "\n" not in str(error)


def test_errors_survive_pickling() -> None:
    error = reply(429, "later", headers={"retry-after": "7"})
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.retry_after_s, copy.billed) == (str(error), 7.0, False)
