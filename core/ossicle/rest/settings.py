"""What an endpoint needs to know, checked once: options, URL and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ossicle.errors import ConfigurationError

_MIB = 1 << 20
_Model = TypeVar("_Model", bound=BaseModel)


class Options(BaseModel):
    """Base of a provider's own options: frozen, and what is not known is refused.

    Example:
        class CallOptions(Options):
            pace: float = 1.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class RestOptions(Options):
    """Options of an endpoint (`ProviderSettings.options`) that every REST provider has.

    Attributes:
        headers: Further headers of every request; never logged.
        connect_timeout_s: Longest time for a connection to come about.
        read_timeout_s: Longest silence of the vendor, in seconds.
        max_reply_bytes: Longest reply body that is read.
        max_request_bytes: Longest request body that is sent.
        max_event_bytes: Longest single event of a stream; one may hold a whole answer's audio.

    Example:
        >>> RestOptions(read_timeout_s=3).read_timeout_s
        3.0
    """

    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    connect_timeout_s: float = Field(default=10.0, gt=0)
    read_timeout_s: float = Field(default=600.0, gt=0)
    max_reply_bytes: int = Field(default=256 * _MIB, ge=1024)
    max_request_bytes: int = Field(default=256 * _MIB, ge=1024)
    max_event_bytes: int = Field(default=64 * _MIB, ge=1024)


def checked_options(
    model: type[_Model], options: Mapping[str, Any], *, where: str, provider: str
) -> _Model:
    """Options as a model; values stay out of messages, for they may be secrets or prompts.

    Args:
        model: What they should be.
        options: As the application gave them.
        where: Which options they are, in words.
        provider: Whose guide to look into.

    Raises:
        ConfigurationError: There is no such option, or its value is not possible.

    Example:
        options = checked_options(VoiceSettings, given, where="the voice", provider="acme")
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = ".".join(str(step) for step in found["loc"]) or "value"
        raise ConfigurationError(
            f"{where} are wrong at {name!r}: {found['msg']}",
            fix=f"See the guide of the {provider} provider for what can be set.",
        ) from None  # a ValidationError holds every value that it was given


def call_options(model: type[_Model], options: Mapping[str, Any], *, provider: str) -> _Model:
    """The extras of a call, checked; also when they still stand under the provider's name.

    Args:
        model: What they should be.
        options: `Request.provider_options`.
        provider: Name of the provider.

    Raises:
        ConfigurationError: There is no such option, or its value is not possible.

    Example:
        options = call_options(CallOptions, request.provider_options, provider="acme")
    """
    inner = options.get(provider)
    if len(options) == 1 and isinstance(inner, Mapping):
        options = inner
    where = f"provider_options[{provider!r}]"
    return checked_options(model, options, where=where, provider=provider)


def checked_url(url: str, *, example: str) -> str:
    """The URL without a slash at its end.

    Args:
        url: As it was given.
        example: One that would be right.

    Raises:
        ConfigurationError: It is no plain http or https URL.

    Example:
        >>> checked_url("http://127.0.0.1:8000/v1/", example="https://api.acme.example/v1")
        'http://127.0.0.1:8000/v1'
    """
    try:
        parts = urlsplit(url)
        is_possible = parts.scheme in ("http", "https") and bool(parts.hostname)
        # urlsplit drops line breaks in silence, HTTP clients do not.
        is_possible = is_possible and url.isprintable() and " " not in url
        is_possible = is_possible and not (parts.username or parts.password) and parts.port != 0
        is_possible = is_possible and not (parts.query or parts.fragment)
    except ValueError:
        is_possible = False
    if not is_possible:
        # The URL itself stays out: it may hold a password.
        raise ConfigurationError(
            "base_url is no plain http or https URL",
            fix=f"Give something like {example}, without user, password and query.",
        )
    return url.rstrip("/")


def checked_key(
    given: SecretStr | None, *, names: Sequence[str], environment: Mapping[str, str]
) -> str | None:
    """The key of the settings, else of the first variable that holds one; `None`: no key.

    Args:
        given: What the settings say.
        names: Variables of the environment, best first.
        environment: Where they are looked up.

    Raises:
        ConfigurationError: It holds characters that no key has.

    Example:
        >>> checked_key(None, names=("ACME_API_KEY",), environment={"ACME_API_KEY": " sk-1 "})
        'sk-1'
    """
    key: str | None
    if given is not None:
        key = given.get_secret_value()
    else:
        key = next((value for name in names if (value := environment.get(name))), None)
    if key is None or not (key := key.strip()):
        return None
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigurationError(
            f"the key of {len(key)} characters holds some that no key has",
            fix="Copy the key again, without line breaks and quotes.",
        )
    return key
