"""Every error of ossicle has a status, and a mistake of the service tells nothing of itself."""

from __future__ import annotations

import inspect

import pytest

from http_errors import STATUSES, body_of, headers_of, status_of
from ossicle import errors
from ossicle.errors import (
    AudioError,
    ConfigurationError,
    OssicleError,
    ProviderError,
    RateLimitedError,
)

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, OssicleError)
]


def bare(kind: type[OssicleError]) -> OssicleError:
    error = kind.__new__(kind)
    OssicleError.__init__(error, "the key is abc")
    error.findings = ()  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_the_caller_can_mend_is_4xx_and_the_rest_is_5xx(kind: type[OssicleError]) -> None:
    status = status_of(bare(kind))
    if issubclass(kind, AudioError):
        assert status in (400, 413, 415, 422)
    elif issubclass(kind, ProviderError) and kind is not errors.ContentRefusedError:
        assert status in (502, 503)
    elif issubclass(kind, ConfigurationError):
        assert status == 500
    assert 400 <= status < 600


def test_the_more_special_error_stands_first() -> None:
    for number, (kind, _) in enumerate(STATUSES):
        assert not any(issubclass(kind, earlier) for earlier, _ in STATUSES[:number])


def test_a_mistake_of_the_service_is_not_told() -> None:
    told = body_of(bare(ConfigurationError))
    assert "abc" not in str(told)
    assert told["error"]["code"] == "internal"


def test_when_to_come_back_is_told_in_whole_seconds() -> None:
    error = RateLimitedError("too many", provider="p", retry_after_s=1.2)
    assert headers_of(error) == {"retry-after": "2"}
    assert headers_of(RateLimitedError("too many", provider="p")) == {}
