"""Which endpoint, with which key: settings and environment, decided once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from ossicle.abc import ProviderSettings
from ossicle.errors import MissingKeyError
from ossicle.rest.settings import RestOptions, checked_key, checked_options, checked_url

OptionsT = TypeVar("OptionsT", bound=RestOptions, covariant=True)
_VERSION = re.compile(r"/v\d+[a-z0-9.]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[OptionsT]):
    """Where requests go.

    Attributes:
        provider: Name of the provider.
        base_url: With the version's path, without a slash at the end.
        options: Of the endpoint.
        key: `None` when there is none.
        key_header: The header that carries the key.
        key_prefix: What stands before the key in it.
        key_variables: Variables of the environment that may hold the key, best first.
        fixed_headers: Further headers of every request.
        needs_key: Whether a missing key is an error.

    Example:
        endpoint = RULES.find(settings)
        client = EndpointClient(endpoint, failures=FAILURES)
    """

    provider: str
    base_url: str
    options: OptionsT
    key: str | None = field(default=None, repr=False)
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    key_variables: tuple[str, ...] = ()
    fixed_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs_key: bool = True

    def headers(self) -> Mapping[str, str]:
        """Headers of every request: the key goes into one, never into the URL.

        Raises:
            MissingKeyError: There is none.
        """
        if self.key is not None:
            return {**self.fixed_headers, self.key_header: self.key_prefix + self.key}
        if self.needs_key:
            raise MissingKeyError(
                f"the {self.provider} endpoint needs a key and none is configured",
                fix=f"Set {self.key_variables[0]}, or give api_key in the settings.",
            )
        return self.fixed_headers


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRules(Generic[OptionsT]):
    """What a vendor's endpoint is, as data.

    Attributes:
        provider: Name of the provider.
        base_url: The vendor's own. Where its path ends in a version, such as `/v1`, the URL that an
            application gives may leave it out.
        options: Model of the endpoint's options.
        key_variables: Variables of the environment that may hold the key, best first.
        url_variable: Variable that may hold the base URL.
        key_header: The header that carries the key.
        key_prefix: What stands before the key in it.

    Example:
        >>> rules = EndpointRules(provider="acme", base_url="https://api.acme.example/v1",
        ...                       options=RestOptions, key_variables=("ACME_API_KEY",))
        >>> rules.find(ProviderSettings(base_url="http://127.0.0.1:8000"), environment={}).base_url
        'http://127.0.0.1:8000/v1'
    """

    provider: str
    base_url: str
    options: type[OptionsT]
    key_variables: tuple[str, ...]
    url_variable: str | None = None
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "

    def find(
        self, settings: ProviderSettings, *, environment: Mapping[str, str] | None = None
    ) -> Endpoint[OptionsT]:
        """The endpoint that settings and environment name; nothing is sent.

        Args:
            settings: They win over the environment.
            environment: `None` takes the process's own.

        Raises:
            ConfigurationError: A setting is wrong, or the URL or the key cannot be one.
        """
        environment = os.environ if environment is None else environment
        url = settings.base_url or environment.get(self.url_variable or "") or self.base_url
        version = _VERSION.search(urlsplit(self.base_url).path)
        url = checked_url(url, example=self.base_url)
        if version is not None and not _VERSION.search(urlsplit(url).path):
            url += version[0]
        return Endpoint(
            provider=self.provider,
            base_url=url,
            options=endpoint_options(self.options, settings.options, provider=self.provider),
            key=checked_key(settings.api_key, names=self.key_variables, environment=environment),
            key_header=self.key_header,
            key_prefix=self.key_prefix,
            key_variables=self.key_variables,
        )


def endpoint_options(
    model: type[OptionsT], options: Mapping[str, Any], *, provider: str
) -> OptionsT:
    """The settings of the endpoint, checked.

    Args:
        model: What they should be.
        options: As the application gave them.
        provider: Whose guide to look into.

    Raises:
        ConfigurationError: There is no such setting, or its value is not possible.

    Example:
        >>> endpoint_options(RestOptions, {"read_timeout_s": 3}, provider="acme").read_timeout_s
        3.0
    """
    return checked_options(model, options, where="the provider's options", provider=provider)
