"""Which endpoint, with which key: settings and environment, decided once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from ossicle.abc import ProviderSettings
from ossicle.errors import MissingKeyError
from ossicle.rest import checked_key, checked_url
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

    def headers(self) -> Mapping[str, str]:
        """Headers of every request: the key goes into one, never into the URL.

        Raises:
            MissingKeyError: There is none.
        """
        if self.key is None:
            raise MissingKeyError(
                "the gemini endpoint needs a key and none is configured",
                fix=f"Set {_KEYS[0]}, or give api_key in the settings.",
            )
        return {"x-goog-api-key": self.key}


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
        # Google's own clients take the URL without the version; so that both forms work here.
        base_url=checked_url(url, example=BASE_URL, default_path=_VERSION),
        options=endpoint_options(settings.options),
        key=checked_key(settings.api_key, names=_KEYS, environment=environment),
    )
