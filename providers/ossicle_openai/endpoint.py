"""Which endpoint, with which key: settings and environment, decided once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ossicle.abc import ProviderSettings
from ossicle.errors import ConfigurationError, MissingKeyError
from ossicle.rest import checked_key
from ossicle_openai.options import EndpointOptions, endpoint_options
from ossicle_openai.profiles import EndpointProfile, profile_for, profile_named

_PLACEHOLDER = "none"
"""What is sent where the server wants no key; the SDK insists on one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where requests go.

    Attributes:
        profile: What the server does its own way.
        base_url: With the version's path.
        options: Of the endpoint.
        key: `None` when there is none.
    """

    profile: EndpointProfile
    base_url: str
    options: EndpointOptions
    key: str | None = field(default=None, repr=False)

    def key_to_send(self) -> str:
        """The key, or a placeholder where the server wants none.

        Raises:
            MissingKeyError: The server wants one, and there is none.
        """
        if self.key is not None:
            return self.key
        if self.profile.needs_key:
            raise MissingKeyError(
                f"the {self.profile.name} endpoint needs a key and none is configured",
                fix=f"Set {self.profile.key_variables[0]}, or give api_key in the settings.",
            )
        return _PLACEHOLDER


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
    options = endpoint_options(settings.options)
    base_url = settings.base_url or environment.get("OPENAI_BASE_URL") or None
    if options.profile is None:
        profile = profile_for(base_url)
    else:
        profile = profile_named(options.profile)
        if settings.base_url is None and profile.base_url is not None and base_url is None:
            base_url = profile.base_url
    base_url = base_url or profile.base_url
    if base_url is None:
        raise ConfigurationError(
            f"the endpoint profile {profile.name!r} needs a base_url",
            fix="Give base_url in the settings, or set OPENAI_BASE_URL.",
        )
    return Endpoint(
        profile=profile,
        base_url=_checked_url(base_url, profile, options),
        options=options,
        key=checked_key(settings.api_key, names=profile.key_variables, environment=environment),
    )


def _checked_url(url: str, profile: EndpointProfile, options: EndpointOptions) -> str:
    try:
        parts = urlsplit(url)
        is_possible = parts.scheme in ("http", "https") and bool(parts.hostname)
        # urlsplit drops line breaks in silence, HTTP clients do not.
        is_possible = is_possible and url.isprintable() and " " not in url
        is_possible = is_possible and not (parts.username or parts.password) and parts.port != 0
        path = parts.path
    except ValueError:
        is_possible, path = False, ""
    if not is_possible:
        # The URL itself stays out: it may hold a password.
        raise ConfigurationError(
            "base_url is no plain http or https URL",
            fix="Give something like https://api.openai.com/v1, without user and password.",
        )
    if profile.name == "azure" and options.api_version is None and path in ("", "/"):
        return f"{url.rstrip('/')}/openai/v1"
    return url
