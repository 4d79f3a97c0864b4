"""Proxies and certificates of the environment that cannot be are named, their values are not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from ossicle.errors import ConfigurationError, OssicleError, ProviderConnectionError
from ossicle.rest import Endpoint, EndpointClient, Failures, Outgoing, RestOptions, json_body
from ossicle.rest.surroundings import proxy_variable
from ossicle_testing.vendors.dead_endpoints import refusing_url

VARIABLES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def error_with(
    monkeypatch: pytest.MonkeyPatch, settings: Mapping[str, str], url: str = "https://192.0.2.1/v1"
) -> OssicleError:
    for name in (*VARIABLES, *(name.lower() for name in VARIABLES)):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    async def main() -> OssicleError:
        endpoint = Endpoint(provider="acme", base_url=url, options=RestOptions(), key="sk-0123")
        client = EndpointClient(endpoint, failures=Failures(provider="acme"))
        try:
            await client.send(
                Outgoing(path="/x", accept="*/*", body=json_body({})), lambda _: OssicleError("no")
            )
        except OssicleError as error:
            return error
        finally:
            await client.aclose()
        raise AssertionError("no server should have answered")

    return anyio.run(main)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ALL_PROXY": "socks://user:secret@127.0.0.1:9"}, "ALL_PROXY"),
        ({"https_proxy": "gopher://user:secret@127.0.0.1:9"}, "https_proxy"),
        ({"SSL_CERT_FILE": "/nonexistent/secret.pem"}, "SSL_CERT_FILE"),
        ({"SSL_CERT_FILE": "/nonexistent/secret.pem", "SSL_CERT_DIR": "/"}, "SSL_CERT_FILE"),
    ],
)
def test_what_cannot_be_is_named(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], named: str
) -> None:
    error = error_with(monkeypatch, settings)
    assert isinstance(error, ConfigurationError)
    assert f"what {named} says" in str(error)
    assert "secret" not in str(error)


def test_certificates_that_are_none_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.pem").write_text("no certificate")
    error = error_with(monkeypatch, {"SSL_CERT_FILE": str(tmp_path / "a.pem")})
    assert isinstance(error, ConfigurationError)
    assert "SSL_CERT_FILE" in str(error)


def test_a_dead_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing_url() as url:
        error = error_with(monkeypatch, {"HTTPS_PROXY": url})
    assert isinstance(error, ProviderConnectionError)
    assert "HTTPS_PROXY" in str(error)
    assert url not in str(error)


def test_a_host_that_takes_no_proxy_blames_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "vendor.example")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert proxy_variable("https://vendor.example/v1") is None
    assert proxy_variable("https://other.example/v1") == "ALL_PROXY"
