"""Which endpoint, with which key: settings and environment, decided once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ossicle.abc import ProviderSettings
from ossicle.errors import ConfigurationError, MissingKeyError
from ossicle_gemini.options import EndpointOptions, endpoint_options

BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
"""Google's own endpoint. Source: https://ai.google.dev/api/generate-content, read 2026-11-23."""

_VERSION = "/v1beta"
_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where requests go.

    Attributes:
        base_url: With the version's path, without a slash at the end.
        options: Of the endpoint.
        key: `None` when there is none.
    """

    base_url: str
    options: EndpointOptions
    key: str | None = field(default=None, repr=False)

    def key_to_send(self) -> str:
        """The key.

        Raises:
            MissingKeyError: There is none.
        """
        if self.key is None:
            raise MissingKeyError(
                "the gemini endpoint needs a key and none is configured",
                fix=f"Set {_KEYS[0]}, or give api_key in the settings.",
            )
        return self.key


def find_endpoint(
    settings: ProviderSettings, *, environment: Mapping[str, str] | None = None
) -> Endpoint:
    """The endpoint that settings and environment name; nothing is sent.

    Args:
        settings: They win over the environment.
        environment: `None` takes the process's own.

    Raises:
        ConfigurationError: A setting is wrong, or the URL or the key cannot be one.
    """
    if environment is None:
        environment = os.environ
    url = settings.base_url or environment.get("GOOGLE_GEMINI_BASE_URL") or BASE_URL
    return Endpoint(
        base_url=_checked_url(url),
        options=endpoint_options(settings.options),
        key=_key(settings, environment),
    )


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_possible = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_possible = is_possible and not (parts.username or parts.password) and parts.port != 0
        is_possible = is_possible and not (parts.query or parts.fragment)
    except ValueError:
        parts, is_possible = urlsplit(""), False
    if not is_possible:
        # The URL itself stays out: it may hold a password.
        raise ConfigurationError(
            "base_url is no plain http or https URL",
            fix=f"Give something like {BASE_URL}, without user, password and query.",
        )
    url = url.rstrip("/")
    # Google's own clients take the URL without the version; so that both forms work here.
    return url if parts.path.strip("/") else url + _VERSION


def _key(settings: ProviderSettings, environment: Mapping[str, str]) -> str | None:
    key: str | None
    if settings.api_key is not None:
        key = settings.api_key.get_secret_value()
    else:
        key = next((value for name in _KEYS if (value := environment.get(name))), None)
    if key is None or not (key := key.strip()):
        return None
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigurationError(
            f"the key of {len(key)} characters holds some that no key has",
            fix="Copy the key again, without line breaks and quotes.",
        )
    return key
