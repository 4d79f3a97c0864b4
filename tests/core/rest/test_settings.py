from __future__ import annotations

import pytest
from pydantic import SecretStr

from ossicle.errors import ConfigurationError
from ossicle.rest import (
    Options,
    RestOptions,
    call_options,
    checked_key,
    checked_options,
    checked_url,
)


class Extras(Options):
    pace: float = 1.0


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "http://", "https://user:secret@x", "http://x?key=secret", "http://x:0",
     "http://[", "http://x#y", "http://x/\n", "http://x /v1"],
)  # fmt: skip
def test_urls_that_cannot_be_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_url(url, example="https://api.example/v1")
    assert "secret" not in str(caught.value)
    assert "api.example" in str(caught.value)


def test_a_key_of_the_settings_goes_before_those_of_the_environment() -> None:
    environment = {"SECOND": " second ", "FIRST": ""}
    names = ("FIRST", "SECOND")
    found = checked_key(SecretStr("mine"), names=names, environment=environment)
    assert found == "mine"
    assert checked_key(None, names=names, environment=environment) == "second"
    assert checked_key(None, names=names, environment={}) is None
    assert checked_key(SecretStr("  "), names=names, environment=environment) is None
    with pytest.raises(ConfigurationError) as caught:
        checked_key(SecretStr("se cret"), names=names, environment={})
    assert "se cret" not in str(caught.value)


def test_options_are_checked_and_their_values_not_repeated() -> None:
    options = checked_options(RestOptions, {"read_timeout_s": 3}, where="options", provider="any")
    assert options.read_timeout_s == 3.0
    with pytest.raises(ConfigurationError, match="read_timeout_s") as caught:
        checked_options(RestOptions, {"read_timeout_s": "secret"}, where="o", provider="any")
    assert "secret" not in str(caught.value)


def test_extras_of_a_call_may_stand_under_the_providers_name() -> None:
    assert call_options(Extras, {"pace": 2}, provider="any").pace == 2
    assert call_options(Extras, {"any": {"pace": 2}}, provider="any").pace == 2
    with pytest.raises(ConfigurationError, match="any"):
        call_options(Extras, {"other": {"pace": 2}}, provider="any")
