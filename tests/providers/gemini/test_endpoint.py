from __future__ import annotations

import pytest
from pydantic import SecretStr

from ossicle.abc import ProviderSettings
from ossicle.errors import ConfigurationError, MissingKeyError
from ossicle_gemini.provider import RULES

NONE: dict[str, str] = {}


def test_googles_own_endpoint_without_settings() -> None:
    found = RULES.find(ProviderSettings(), environment=NONE)
    assert found.base_url == RULES.base_url
    with pytest.raises(MissingKeyError, match="GEMINI_API_KEY"):
        found.headers()


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1beta"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1beta"),
        ("https://gateway.example/gemini/v1/", "https://gateway.example/gemini/v1"),
        ("https://gateway.example/gemini", "https://gateway.example/gemini/v1beta"),
    ],
)
def test_the_version_is_added_where_the_path_has_none(url: str, used: str) -> None:
    assert RULES.find(ProviderSettings(base_url=url), environment=NONE).base_url == used
    environment = {"GOOGLE_GEMINI_BASE_URL": url}
    assert RULES.find(ProviderSettings(), environment=environment).base_url == used


@pytest.mark.parametrize(
    "url",
    ["ftp://a", "http://", "a", "http://u:secret@a/v1", "http://a:0/", "http://a/?key=secret",
     "http://[a/"],
)  # fmt: skip
def test_urls_that_cannot_be(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RULES.find(ProviderSettings(base_url=url), environment=NONE)
    assert "secret" not in str(caught.value)


def test_the_key_comes_from_settings_then_from_the_environment() -> None:
    environment = {"GOOGLE_API_KEY": "second", "GEMINI_API_KEY": "first"}
    assert RULES.find(ProviderSettings(), environment=environment).key == "first"
    given = ProviderSettings(api_key=SecretStr(" own\n"))
    found = RULES.find(given, environment=environment)
    assert found.key == "own"
    assert "own" not in repr(found)


@pytest.mark.parametrize("key", ["a b", "schlüssel", "a\nb"])
def test_keys_that_cannot_be(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RULES.find(ProviderSettings(api_key=SecretStr(key)), environment=NONE)
    assert key not in str(caught.value)


def test_settings_that_nobody_knows() -> None:
    with pytest.raises(ConfigurationError, match="profile"):
        RULES.find(ProviderSettings(options={"profile": "x"}), environment=NONE)
