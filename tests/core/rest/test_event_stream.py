"""Answers that are of no use keep what was paid for, and never the key."""

from __future__ import annotations

import pytest

from ossicle.errors import InvalidReplyError, RateLimitedError
from ossicle.rest import CallErrors, ErrorLadder, Failures, keeping_body

KEY = "sk-0123456789"
ERRORS = CallErrors(
    ladder=ErrorLadder(failures=Failures(provider="acme"), read=lambda data: None),
    model="any",
    key=KEY,
)


def test_what_came_is_kept_without_the_key() -> None:
    with (
        pytest.raises(InvalidReplyError) as caught,
        keeping_body(b"the words of sk-0123456789", ERRORS),
    ):
        raise ERRORS.failures.invalid_reply("no JSON")
    assert caught.value.partial == b"the words of [key]"
    assert KEY not in f"{vars(caught.value)}"
    assert "words" not in str(caught.value)


def test_what_is_kept_already_stays() -> None:
    inner = ERRORS.failures.invalid_reply("no JSON")
    inner.partial = b"more exact"
    with pytest.raises(InvalidReplyError) as caught, keeping_body(b"the body", ERRORS):
        raise inner
    assert caught.value.partial == b"more exact"


def test_other_errors_pass() -> None:
    with pytest.raises(RateLimitedError), keeping_body(b"the body", ERRORS):
        raise RateLimitedError("later", provider="acme")
