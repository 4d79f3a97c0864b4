"""Provider instances by name: built when first used, shared by all calls, closed together."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.client.cascades import Cascade
from ossicle.errors import ConfigurationError, OssicleError, PluginContractError
from ossicle.messages import Task
from ossicle.plugins import PluginHost


class ProviderPool:
    """Builds providers on use and keeps them until it is closed.

    Args:
        host: Where providers are announced.
        settings: By provider name; a provider without settings gets the defaults.
        instances: Providers that the application built itself, by name.
    """

    def __init__(
        self,
        host: PluginHost,
        *,
        settings: Mapping[str, ProviderSettings],
        instances: Mapping[str, AudioProvider],
    ) -> None:
        self._host = host
        self._settings = settings
        self._instances = dict(instances)
        self._built_by_application = frozenset(instances)
        self._default_models: dict[str, Mapping[Task, str]] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        for instance in self._instances.values():
            if isinstance(instance, Cascade):
                instance.connect(self)

    def get(self, name: str) -> AudioProvider:
        """The provider of this name.

        Raises:
            ConfigurationError: The client is closed: nobody would close what is built now.
            UnknownProviderError: No allowed plugin announces it.
            DependencyMissingError: A package it stands on is not installed.
            PluginContractError: What builds it raises something else, or builds something else.
        """
        with self._lock:
            if self._is_closed:
                raise ConfigurationError("the client is closed", fix="Make a new one.")
            provider = self._instances.get(name)
            if provider is None:
                provider = self.build(name, self._settings.get(name, ProviderSettings()))
                self._instances[name] = provider
            return provider

    def endpoint_key(self, name: str) -> tuple[str, str | None, Mapping[str, object]]:
        """What decides beside the request what a provider answers: kind, endpoint and options."""
        provider, settings = self.get(name), self._settings.get(name, ProviderSettings())
        kind = f"{type(provider).__module__}.{type(provider).__qualname__}"
        return kind, provider.endpoint or settings.base_url, settings.options

    def build(self, name: str, settings: ProviderSettings) -> AudioProvider:
        """A new provider of this name, which is the caller's to close.

        Raises:
            UnknownProviderError: No allowed plugin announces it.
            DependencyMissingError: A package it stands on is not installed.
            PluginContractError: What builds it raises something else, or builds something else.
        """
        spec = self._host.provider(name)
        try:
            provider = spec.factory(settings)
        except OssicleError:
            raise
        except (Exception, SystemExit) as error:
            # Its words may hold the settings, so they stay in the cause.
            raise PluginContractError(
                f"the factory of provider {name!r} raised {type(error).__name__}",
                plugin=name,
                fix="Report it to the author of the plugin.",
            ) from error
        if not isinstance(provider, AudioProvider):
            raise PluginContractError(
                f"the factory of provider {name!r} returned a {type(provider).__name__}",
                plugin=name,
                fix="Report it to the author of the plugin.",
            )
        return provider

    def knows(self, name: str) -> bool:
        """Whether there is a provider of this name."""
        known = (spec.name for spec in self._host.providers())
        return name in self._instances or name in known

    def default_model(self, name: str, task: Task) -> str:
        """The model that a provider uses for a task when nobody names one.

        Raises:
            UnknownProviderError: No allowed plugin announces the provider.
            ConfigurationError: The provider names none.
        """
        known = self._default_models.get(name)
        if known is None:  # announcements stay as they are for a client's life
            known = self._default_models[name] = self._announced_defaults(name)
        model_name = known.get(task)
        if model_name is None:
            raise ConfigurationError(
                f"provider {name!r} has no default model to {task}",
                fix=f'Name one: "{name}:<model>"; see `ossicle models --provider {name}`.',
            )
        return model_name

    def _announced_defaults(self, name: str) -> Mapping[Task, str]:
        if name not in self._built_by_application:
            return self._host.provider(name).default_models
        built = self._instances[name]
        if isinstance(built, Cascade):
            return built.default_models
        announced = (spec for spec in self._host.providers() if spec.name == name)
        return next((spec.default_models for spec in announced), {})

    def local_transcribers(self, language: str) -> tuple[str, ...]:
        """Providers that run here, are installed, and write down speech in this language."""
        wanted = language.partition("-")[0].lower()
        names = []
        for spec in self._host.providers():
            model = spec.default_models.get("transcribe")
            if not spec.is_local or model is None:
                continue
            try:
                languages = self.capabilities(spec.name, model).languages or ()
            except OssicleError:  # a package it stands on is not installed
                continue
            if wanted in (one.partition("-")[0].lower() for one in languages):
                names.append(spec.name)
        return tuple(names)

    def capabilities(self, name: str, model: str) -> Capabilities:
        """What a model can do.

        Raises:
            UnknownModelError: The provider has no such model.
        """
        return self.get(name).capabilities(model)

    async def aclose(self) -> None:
        """Close every provider that was built; closing twice is harmless.

        Raises:
            PluginContractError: One or more raised; all the others are closed.
        """
        with self._lock:
            instances = {} if self._is_closed else dict(self._instances)
            self._is_closed = True
        failures: dict[str, Exception] = {}
        async with AsyncExitStack() as stack:
            for name, provider in reversed(instances.items()):
                stack.push_async_callback(_close, name, provider, failures)
        if failures:
            names = ", ".join(failures)
            kinds = ", ".join(type(error).__name__ for error in failures.values())
            raise PluginContractError(
                f"closing {names} raised {kinds}",
                plugin=next(iter(failures)),
                fix="Report it to the author of the plugin; everything else is closed.",
            ) from next(iter(failures.values()))


async def _close(name: str, provider: AudioProvider, failures: dict[str, Exception]) -> None:
    try:
        await provider.aclose()
    except Exception as error:  # noqa: BLE001 - one that fails keeps none of the others open
        failures[name] = error


def split_reference(reference: str) -> tuple[str, str | None]:
    """Provider and model of a reference such as `openai:gpt-audio-1.5` or `local`."""
    name, _, model = reference.partition(":")
    if not name:
        raise ConfigurationError(
            f"{reference!r} names no provider", fix='Write "provider" or "provider:model".'
        )
    return name, model or None


def parse_model_references(
    provider: str | AudioProvider | Sequence[str | AudioProvider],
) -> tuple[tuple[str, str | None], tuple[str, ...], dict[str, AudioProvider]]:
    """Name and model of the first provider, references of the others, and those that are built.

    Raises:
        ConfigurationError: The list is empty, or two built providers share a name.
    """
    if isinstance(provider, str) or not isinstance(provider, Sequence):
        provider = [provider]
    instances: dict[str, AudioProvider] = {}
    references: list[str] = []
    for one in provider:
        if isinstance(one, str):
            references.append(one)
            continue
        name = provider_name(one)
        if instances.setdefault(name, one) is not one:
            raise ConfigurationError(
                f"two providers are named {name!r}", fix="Give them different names."
            )
        references.append(name)
    if not references:
        raise ConfigurationError("no provider is named", fix='Name one, such as "local".')
    return split_reference(references[0]), tuple(references[1:]), instances


def provider_name(provider: AudioProvider) -> str:
    """The name of a provider that the application built: its `name`, else its class name.

    Raises:
        ConfigurationError: It is no provider.
    """
    if not isinstance(provider, AudioProvider):
        raise ConfigurationError(
            f"a {type(provider).__name__} is no provider",
            fix='Give "provider", "provider:model" or an AudioProvider.',
        )
    name = getattr(provider, "name", None)
    return name if isinstance(name, str) else type(provider).__name__
