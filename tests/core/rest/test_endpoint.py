from __future__ import annotations

import pytest
from pydantic import SecretStr

from ossicle.abc import ProviderSettings
from ossicle.errors import ConfigurationError, MissingKeyError
from ossicle.rest import EndpointRules, RestOptions

RULES = EndpointRules(
    provider="acme",
    base_url="https://api.acme.example/v1",
    options=RestOptions,
    key_variables=("ACME_API_KEY", "OTHER_KEY"),
    url_variable="ACME_BASE_URL",
    key_header="X-Key",
    key_prefix="Token ",
)


@pytest.mark.parametrize(
    ("url", "used"),
    [
        (None, "https://api.acme.example/v1"),
        ("http://a", "http://a/v1"),
        ("http://a/", "http://a/v1"),
        ("http://a/v1/", "http://a/v1"),
        ("http://a/v2beta", "http://a/v2beta"),
        ("http://gateway/acme", "http://gateway/acme/v1"),
        ("http://gateway/acme/v1", "http://gateway/acme/v1"),
        ("http://gateway/v1/acme", "http://gateway/v1/acme/v1"),
        ("http://gateway/vendor", "http://gateway/vendor/v1"),
    ],
)
def test_the_version_may_be_left_out(url: str | None, used: str) -> None:
    assert RULES.find(ProviderSettings(base_url=url), environment={}).base_url == used
    environment = {"ACME_BASE_URL": url} if url else {}
    assert RULES.find(ProviderSettings(), environment=environment).base_url == used


def test_the_key_goes_into_its_header_and_into_no_repr() -> None:
    found = RULES.find(ProviderSettings(api_key=SecretStr("sk-0123")), environment={})
    assert found.headers() == {"X-Key": "Token sk-0123"}
    assert "0123" not in repr(found)
    found = RULES.find(ProviderSettings(), environment={"OTHER_KEY": "other"})
    assert found.headers() == {"X-Key": "Token other"}
    with pytest.raises(MissingKeyError, match="ACME_API_KEY"):
        RULES.find(ProviderSettings(), environment={}).headers()


@pytest.mark.parametrize(
    "settings",
    [
        ProviderSettings(base_url="http://a/v1?key=secret"),
        ProviderSettings(api_key=SecretStr("se cret")),
        ProviderSettings(options={"secret": 1, "bogus": 2}),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(settings: ProviderSettings) -> None:
    with pytest.raises(ConfigurationError):
        RULES.find(settings, environment={})
