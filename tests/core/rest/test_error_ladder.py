"""One ladder for all vendors: what a status and a code mean, and what was surely not billed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioReferenceNotFoundError,
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
from ossicle.policy.outcome import classify
from ossicle.rest import CallErrors, ErrorBody, ErrorLadder, Failures, Refusal, mapping_of, text_of


def read(data: object) -> ErrorBody | None:
    body = mapping_of(data)
    code = text_of(body.get("code"))
    marks = frozenset({text_of(body.get("mark")) or "-"})
    status = body.get("status")
    return (code and ErrorBody(
        code=code,
        message=text_of(body.get("message")) or "",
        status=status if isinstance(status, int) else None,
        marks=marks,
        is_own=True,
    )) or None  # fmt: skip


def lost(said: ErrorBody, facts: dict[str, object], errors: CallErrors) -> OssicleError | None:
    if said.code != "LOST":
        return None
    return AudioReferenceNotFoundError("gone", provider="acme", fix="Send the words.")


ERRORS = CallErrors(
    ladder=ErrorLadder(
        failures=Failures(provider="acme"),
        read=read,
        special=lost,
        meanings={"PAY": "spent", "BAD_KEY": "key", "NO_MODEL": "model", "NASTY": "content",
                  "NOT_YOU": "denied", "FULL": "busy"},
        too_many={"daily": "spent"},
        fixes={"spent": "Buy more."},
        hints=(("too loud", "Turn it down."),),
    ),
    model="acme-1",
    successor="acme-2",
    key="sk-0123456789",
    said=("the secret word is rumpelstiltskin",),
)  # fmt: skip


def refused(status: int, code: str | None = "ANY", **more: object) -> OssicleError:
    body = b"<html>" if code is None else json.dumps({"code": code, **more}).encode()
    headers = {"retry-after": "7", "x-request-id": "r1"}
    return ERRORS.explain(Refusal(status=status, headers=headers, body=body))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ANY", RequestRefusedError),
        (401, "ANY", AuthenticationError),
        (402, "ANY", QuotaExhaustedError),
        (403, "ANY", PermissionRefusedError),
        (404, "ANY", RequestRefusedError),
        (429, "ANY", RateLimitedError),
        (503, "ANY", ProviderUnavailableError),
        (529, "ANY", ProviderUnavailableError),
        (500, "ANY", ProviderUnavailableError),
        (500, None, AmbiguousOutcomeError),
        # The code decides before the status,
        (400, "PAY", QuotaExhaustedError),
        (401, "PAY", QuotaExhaustedError),
        (429, "PAY", QuotaExhaustedError),
        (403, "BAD_KEY", AuthenticationError),
        (400, "NO_MODEL", ModelNotFoundError),
        (403, "NASTY", ContentRefusedError),
        (400, "NOT_YOU", PermissionRefusedError),
        (429, "FULL", ProviderUnavailableError),
        (400, "LOST", AudioReferenceNotFoundError),
        # but a failure stays one.
        (500, "PAY", ProviderUnavailableError),
        (408, "NASTY", ProviderUnavailableError),
    ],
)
def test_each_rung(status: int, code: str | None, kind: type[OssicleError]) -> None:
    assert type(refused(status, code)) is kind


def test_a_mark_of_too_many_counts_there_alone() -> None:
    assert type(refused(429, mark="daily")) is QuotaExhaustedError
    assert type(refused(400, mark="daily")) is RequestRefusedError


@pytest.mark.parametrize("status", [408, 409, 500, 502, 504])
@pytest.mark.parametrize("code", ["ANY", "PAY", None])
def test_what_may_have_been_executed_is_not_called_clean(status: int, code: str | None) -> None:
    error = refused(status, code)
    assert isinstance(error, ProviderError)
    assert error.billed is None
    assert classify(error, has_started=False) == "ambiguous"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429, 503, 529])
def test_a_refusal_executed_nothing_and_says_what_to_do(status: int) -> None:
    error = refused(status)
    assert isinstance(error, ProviderError)
    assert (error.billed, error.status, error.vendor_code) == (False, status, "ANY")
    assert error.request_id == "r1"
    assert error.fix
    assert error.retry_after_s == (7.0 if status in (429, 503, 529) else None)


def test_fixes_are_the_vendors_where_it_has_some() -> None:
    assert refused(402).fix == "Buy more."
    assert refused(400, "NO_MODEL").fix == "Use 'acme-2' instead."
    assert refused(400, message="It is TOO LOUD.").fix == "Turn it down."


def test_neither_the_key_nor_what_was_said_is_repeated() -> None:
    message = "The secret word is Rumpelstiltskin, sk-0123456789!"
    for status in (400, 401, 429, 500):
        text = f"{vars(refused(status, message=message))} {refused(status, message=message)}"
        assert "umpelstil" not in text
        assert "0123456789" not in text


@pytest.mark.parametrize("started", [True, False])
def test_an_error_in_the_place_of_an_answer(started: bool) -> None:
    def found(data: object) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            ERRORS.check(data, request_id="r1", started=started)
        return caught.value

    failed = found({"code": "ANY"})
    assert type(failed) is ProviderUnavailableError
    assert (failed.billed, failed.retryable) == (None, not started)
    limited = found({"code": "ANY", "status": 429})
    assert type(limited) is RateLimitedError
    assert (limited.billed, limited.retryable) == (None, not started)
    assert type(found({"code": "ANY", "status": 400})) is RequestRefusedError
    assert type(found({"code": "NASTY"})) is ContentRefusedError
    ERRORS.check({"text": "fine"}, request_id=None, started=started)


@given(
    st.integers(300, 599),
    st.binary(max_size=30)
    | st.dictionaries(
        st.sampled_from(["code", "message", "status", "mark"]),
        st.sampled_from(["PAY", "FULL", "LOST", "sk-0123456789"]) | st.integers(0, 600) | st.none(),
    ).map(lambda body: json.dumps(body).encode()),
)
def test_any_reply_is_an_error_that_says_what_to_do(status: int, body: bytes) -> None:
    error = ERRORS.explain(Refusal(status=status, headers={}, body=body))
    assert error.fix
    assert "0123456789" not in f"{error} {vars(error)}"
    if isinstance(error, ProviderError) and (status >= 500 and status not in (503, 529)):
        assert error.billed is not True
        assert classify(error, has_started=False) != "settled"
