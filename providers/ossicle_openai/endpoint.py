"""Which endpoint, with which key: settings and environment, decided once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ossicle.abc import ProviderSettings
from ossicle.errors import ConfigurationError
from ossicle.rest import Endpoint, checked_key, checked_url, endpoint_options, path_segment
from ossicle_openai.options import PROVIDER, EndpointOptions
from ossicle_openai.profiles import OPENAI_URL, EndpointProfile, profile_for, profile_named


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIEndpoint(Endpoint[EndpointOptions]):
    """Where requests go.

    Attributes:
        profile: What the server does its own way.
    """

    profile: EndpointProfile = field(default_factory=lambda: profile_named("openai"))

    def path(self, path: str, *, model: str) -> str:
        """The path of a request; Azure's dated API has one for each deployment."""
        if not self._is_by_deployment:
            return path
        deployment = path_segment(model, what="deployment")
        version = urlencode({"api-version": self.options.api_version})
        return f"/openai/deployments/{deployment}{path}?{version}"

    @property
    def _is_by_deployment(self) -> bool:
        return self.profile.name == "azure" and self.options.api_version is not None


def find_endpoint(
    settings: ProviderSettings, *, environment: Mapping[str, str] | None = None
) -> OpenAIEndpoint:
    """The endpoint that settings and environment name; nothing is sent.

    Args:
        settings: They win over the environment.
        environment: `None` takes the process's own.

    Raises:
        ConfigurationError: A setting is wrong, or the URL or the key cannot be one.
    """
    if environment is None:
        environment = os.environ
    options = endpoint_options(EndpointOptions, settings.options, provider=PROVIDER)
    url = settings.base_url or environment.get("OPENAI_BASE_URL") or None
    profile = profile_for(url) if options.profile is None else profile_named(options.profile)
    url = url or profile.base_url
    if url is None:
        raise ConfigurationError(
            f"the endpoint profile {profile.name!r} needs a base_url",
            fix="Give base_url in the settings, or set OPENAI_BASE_URL.",
        )
    url = checked_url(url, example=OPENAI_URL)
    is_azure = profile.name == "azure"
    if is_azure and options.api_version is None and urlsplit(url).path in ("", "/"):
        url += "/openai/v1"
    is_dated = is_azure and options.api_version is not None
    return OpenAIEndpoint(
        provider=profile.name,
        profile=profile,
        base_url=url,
        options=options,
        key=checked_key(settings.api_key, names=profile.key_variables, environment=environment),
        key_header="api-key" if is_dated else "Authorization",
        key_prefix="" if is_dated else "Bearer ",
        key_variables=profile.key_variables,
        fixed_headers=_fixed_headers(options, profile, environment),
        needs_key=profile.needs_key,
    )


def _fixed_headers(
    options: EndpointOptions, profile: EndpointProfile, environment: Mapping[str, str]
) -> dict[str, str]:
    """Organization and project, those of the environment for OpenAI alone; a stand-in for the key.

    Servers that want no key are known to want the header all the same.
    """
    known = environment if profile.is_openai else {}
    found = {
        "OpenAI-Organization": options.organization or known.get("OPENAI_ORG_ID"),
        "OpenAI-Project": options.project or known.get("OPENAI_PROJECT_ID"),
        "Authorization": None if profile.needs_key else "Bearer none",
    }
    return {name: value for name, value in found.items() if value}
