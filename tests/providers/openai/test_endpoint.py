from __future__ import annotations

import pytest
from pydantic import SecretStr

from ossicle.abc import ProviderSettings
from ossicle.errors import ConfigurationError, MissingKeyError
from ossicle_openai.endpoint import OpenAIEndpoint, find_endpoint
from ossicle_openai.profiles import PROFILE_NAMES, profile_for, profile_named

KEY = "sk-abcdefghijkl"


def find(environment: dict[str, str] | None = None, **settings: object) -> OpenAIEndpoint:
    return find_endpoint(
        ProviderSettings(**settings),  # type: ignore[arg-type]
        environment=environment or {},
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (None, "openai"),
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://x.openai.azure.com", "azure"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen-omni"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://API.mistral.ai/v1", "mistral"),
        ("http://127.0.0.1:8000/v1", "generic"),
        ("https://api.openai.com.evil.example/v1", "generic"),
        ("https://notopenrouter.ai/v1", "generic"),
    ],
)
def test_profiles_by_host_only_where_that_is_sure(url: str | None, name: str) -> None:
    assert profile_for(url).name == name


def test_profiles_by_name() -> None:
    assert {profile_named(name).name for name in PROFILE_NAMES} == set(PROFILE_NAMES)
    assert len(PROFILE_NAMES) == 11
    with pytest.raises(ConfigurationError, match="speaches"):
        profile_named("bogus")


def test_settings_win_over_the_environment() -> None:
    environment = {"OPENAI_API_KEY": "sk-env", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    found = find(environment)
    assert (found.base_url, found.key, found.profile.name) == (
        "http://127.0.0.1:1/v1", "sk-env", "generic",
    )  # fmt: skip
    found = find(environment, api_key=SecretStr(KEY), base_url="https://api.openai.com/v1")
    assert (found.key, found.profile.name) == (KEY, "openai")


def test_a_missing_key_is_told_before_any_byte_is_sent() -> None:
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        find().headers()
    with pytest.raises(MissingKeyError, match="GROQ_API_KEY"):
        find(options={"profile": "groq"}).headers()
    assert find(base_url="http://127.0.0.1:1/v1").headers() == {"Authorization": "Bearer none"}
    found = find({"GROQ_API_KEY": KEY}, options={"profile": "groq"})
    assert found.headers() == {"Authorization": f"Bearer {KEY}"}


def test_azures_dated_api_has_a_path_for_each_deployment() -> None:
    found = find(
        base_url="https://x.openai.azure.com",
        api_key=SecretStr(KEY),
        options={"api_version": "2026-01-01"},
    )
    assert found.headers() == {"api-key": KEY}
    path = found.path("/chat/completions", model="my model")
    assert found.base_url + path == (
        "https://x.openai.azure.com/openai/deployments/my%20model/chat/completions"
        "?api-version=2026-01-01"
    )
    plain = find(base_url="https://x.openai.azure.com", api_key=SecretStr(KEY))
    assert plain.path("/chat/completions", model="m") == "/chat/completions"


def test_the_environments_account_is_told_to_openai_alone() -> None:
    environment = {"OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "p-1", "OPENAI_API_KEY": KEY}
    assert find(environment).fixed_headers == {
        "OpenAI-Organization": "org-1",
        "OpenAI-Project": "p-1",
    }
    elsewhere = find(environment, base_url="http://127.0.0.1:1/v1").headers()
    assert elsewhere == {"Authorization": f"Bearer {KEY}"}


def test_keys_and_urls_that_cannot_be_are_refused_without_showing_them() -> None:
    for key in ("sk-a\nb", "sk-ä", "sk a"):
        with pytest.raises(ConfigurationError) as caught:
            find(api_key=SecretStr(key))
        assert key not in str(caught.value)
    for url in (
        "ftp://x/v1",
        "x",
        "http://",
        "http://user:secret@host/v1",
        "http://h:99999/v1",
        "http://[::1",
        "http://x/v1\n",
        "http://x/a b",
        "http://x/v1?api-version=secret",
    ):
        with pytest.raises(ConfigurationError) as caught:
            find(base_url=url)
        assert "secret" not in str(caught.value)
    assert find(api_key=SecretStr(f" {KEY}\n")).key == KEY
    assert KEY not in repr(find(api_key=SecretStr(KEY)))


def test_profiles_bring_their_own_address() -> None:
    assert find(options={"profile": "openrouter"}).base_url == "https://openrouter.ai/api/v1"
    with pytest.raises(ConfigurationError, match="base_url"):
        find(options={"profile": "vllm"})
    azure = find(base_url="https://x.openai.azure.com/")
    assert azure.base_url == "https://x.openai.azure.com/openai/v1"


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="bogus"):
        find(options={"bogus": 1})
