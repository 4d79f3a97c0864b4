"""The plugin host: discovers by entry points, loads on use, isolates what is broken."""

from __future__ import annotations

import asyncio
import functools
import importlib.metadata
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pluggy

from ossicle.abc import (
    PROJECT,
    Capabilities,
    ConverterSpec,
    PreprocessorSpec,
    ProviderSpec,
    Requirement,
    ValidatorSpec,
    hooks,
)
from ossicle.errors import (
    ConfigurationError,
    DependencyMissingError,
    OssicleError,
    PluginContractError,
    PluginLoadError,
    UnknownProviderError,
)
from ossicle.plugins.catalogue import KINDS, Catalogue, Shelf, Spec, register
from ossicle.plugins.listing import PluginListing
from ossicle.plugins.verification import Verification, verify_module

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # the host program decides what is shown
_HOOKS = (*(kind.hook for kind in KINDS), "ossicle_register_models")

_PLUGINS_OWN = (Exception, SystemExit, GeneratorExit, asyncio.CancelledError)
"""What a plugin may raise by itself; an interrupt is a person's, and passes."""

EntryPoints = Callable[[], Iterable[importlib.metadata.EntryPoint]]


def installed_entry_points() -> Iterable[importlib.metadata.EntryPoint]:
    """Entry points of the group `ossicle` in this environment; nothing is imported."""
    return importlib.metadata.entry_points(group=PROJECT)


class PluginHost:
    """Knows all plugins, loads the allowed ones when first needed, and keeps going.

    Plugins of other distributions load only when allowed by name: a loaded plugin is trusted code.

    Args:
        allow: Names of third-party entry points that may load; `"*"` allows every installed one.
        plugins: Objects or modules with hook implementations, registered by the application.
        require_verified: Whether third-party plugins load only with a report that proves them, as
            they are installed; see `ossicle.plugins.verification`.
        entry_points: Where to discover; for tests and frozen programs.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        plugins: Iterable[object] = (),
        require_verified: bool = False,
        entry_points: EntryPoints = installed_entry_points,
    ) -> None:
        self._allow = frozenset([allow] if isinstance(allow, str) else allow)
        self._objects = tuple(plugins)
        self._require_verified = require_verified
        self._entry_points = entry_points
        self._lock = threading.RLock()
        self._is_loaded = False
        self._listings: dict[str, PluginListing] = {}
        self._catalogue = Catalogue()
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hooks)

    # ---- what is there

    def listings(self) -> tuple[PluginListing, ...]:
        """Every known plugin with its state; loads the allowed ones."""
        self.load()
        return tuple(self._listings.values())

    def providers(self) -> tuple[ProviderSpec, ...]:
        """All announced providers, also those that miss a package."""
        self.load()
        return tuple(self._catalogue.providers)

    def converters(self) -> tuple[ConverterSpec, ...]:
        """All announced converters, also those that miss a package."""
        self.load()
        return tuple(self._catalogue.converters)

    def validators(self) -> tuple[ValidatorSpec, ...]:
        """All announced validators that can work here."""
        self.load()
        return tuple(spec for spec in self._catalogue.validators if not missing(spec.requires))

    def preprocessors(self) -> tuple[PreprocessorSpec, ...]:
        """All announced preprocessors that can work here."""
        self.load()
        return tuple(spec for spec in self._catalogue.preprocessors if not missing(spec.requires))

    def models(self) -> tuple[Capabilities, ...]:
        """All announced models."""
        self.load()
        return tuple(self._catalogue.models)

    def provider(self, name: str) -> ProviderSpec:
        """The provider of this name, ready to be built.

        Raises:
            UnknownProviderError: No allowed plugin announces it.
            PluginLoadError: The plugin of this name is broken.
            DependencyMissingError: Its plugin is there, a package it stands on is not.
            DuplicateNameError: Several plugins claim the name.
        """
        self.load()
        spec = self._catalogue.providers.get(name)
        if spec is None:
            raise self._why_unknown(name)
        lacking = missing(spec.requires)
        if lacking:
            raise DependencyMissingError(
                f"provider {name!r} needs the package {lacking[0].package!r}, which is not here",
                package=lacking[0].package,
                extra=lacking[0].extra,
                fix=f"Install it with: {lacking[0].fix}",
            )
        return spec

    def verification(self, name: str) -> Verification:
        """What is proved of the plugin of this name; its code is not loaded for it.

        Raises:
            ConfigurationError: No plugin of this name is installed.
        """
        points = [point for point in self._entry_points() if point.name == name]
        if not points:
            raise ConfigurationError(
                f"no plugin {name!r} is installed", fix="See `ossicle plugins` for the names."
            )
        return verify_module(points[0].value)

    def _why_unknown(self, name: str) -> OssicleError:
        listing = self._listings.get(name)
        if listing is not None and listing.state == "broken":
            return PluginLoadError(
                f"plugin {name!r} is broken: {listing.reason}", plugin=name, fix=listing.fix
            )
        if listing is not None and listing.state == "blocked":
            is_allowed = bool({"*", name} & self._allow)
            return UnknownProviderError(
                f"plugin {name!r} does not load: {listing.reason}"
                if is_allowed
                else f"provider {name!r} comes from a third party's plugin that is not allowed",
                fix=listing.fix,
            )
        known = ", ".join(sorted(self._catalogue.providers.names())) or "none"
        return UnknownProviderError(
            f"unknown provider {name!r}",
            fix=f"Known here: {known}. See `ossicle plugins` for what could be installed.",
        )

    # ---- life cycle

    def notify(self, hook: str, **facts: Any) -> None:
        """Call a life-cycle hook of every plugin; one that fails is logged and passed over."""
        self.load()
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            wanted = {name: facts[name] for name in implementation.argnames}
            try:
                implementation.function(**wanted)
            except Exception as error:  # noqa: BLE001 - rim: a listener must not end a paid call
                _LOG.warning(
                    "hook %s of plugin %s failed: %s",
                    hook,
                    implementation.plugin_name,
                    type(error).__name__,
                )

    # ---- loading

    def load(self) -> None:
        """Import and register every allowed plugin; a second call does nothing."""
        if self._is_loaded:
            return
        with self._lock:
            if self._is_loaded:
                return
            for number, plugin in enumerate(self._objects):
                name = getattr(plugin, "__name__", None) or type(plugin).__name__
                listing = PluginListing(
                    name=f"{name}#{number}" if name in self._listings else name, module=name
                )
                self._adopt(listing, lambda plugin=plugin: plugin)  # type: ignore[misc]
            for point in self._entry_points():
                self._admit(point)
            self._note_conflicts()
            self._is_loaded = True

    def _admit(self, point: importlib.metadata.EntryPoint) -> None:
        distribution = point.dist.name if point.dist is not None else None
        listing = PluginListing(
            name=point.name,
            module=point.value,
            distribution=distribution,
            version=point.dist.version if point.dist is not None else None,
            is_first_party=distribution == PROJECT,
        )
        if point.name in self._listings:
            if self._listings[point.name].module == point.value:
                return  # one distribution, found twice on the path
            listing = replace(
                listing,
                name=f"{point.name} ({distribution})",
                state="broken",
                reason=f"the plugin name {point.name!r} is already taken by "
                f"{self._listings[point.name].distribution}",
                fix="Uninstall one of the two distributions.",
            )
            self._listings[listing.name] = listing
            return
        if not (listing.is_first_party or {"*", point.name} & self._allow):
            self._listings[point.name] = replace(
                listing,
                state="blocked",
                reason="a third party's plugin that the application does not allow",
                fix=f'Allow it: Client(..., allow_plugins=["{point.name}"]), or on the command '
                f"line --plugin {point.name}. A loaded plugin can do anything you can.",
            )
            return
        if self._require_verified and not listing.is_first_party:
            self._admit_verified(listing, point)
            return
        self._adopt(listing, point.load)

    def _admit_verified(self, listing: PluginListing, point: importlib.metadata.EntryPoint) -> None:
        """Load a plugin if its report is about it, and about everything that it announces."""
        found = verify_module(point.value)
        if not found.is_verified:
            self._listings[listing.name] = replace(
                listing,
                state="blocked",
                reason=f"the application wants verified plugins only, and {found.reason}",
                fix=found.fix,
            )
            return
        self._adopt(listing, point.load, found)

    def _adopt(
        self,
        listing: PluginListing,
        load: Callable[[], object],
        proved: Verification | None = None,
    ) -> None:
        try:
            plugin = load()
            self._manager.register(plugin, name=listing.name)
            provides, lacking = self._collect(plugin, listing.name, proved)
        except _PLUGINS_OWN as error:
            # Rim: whatever a broken plugin raises, SystemExit included, must not stop the host.
            if self._manager.has_plugin(listing.name):
                self._manager.unregister(name=listing.name)
            reason = error.what if isinstance(error, OssicleError) else _in_words(error)
            fix = error.fix if isinstance(error, OssicleError) else None
            self._listings[listing.name] = replace(
                listing,
                state="broken",
                reason=reason,
                fix=fix or "Update or uninstall the plugin, or report this to its author.",
            )
            _LOG.warning("plugin %s is broken: %s", listing.name, reason)
            return
        self._listings[listing.name] = replace(
            listing,
            state="limited" if lacking else "ready",
            reason=f"the package {lacking[0].package!r} is not installed" if lacking else None,
            fix=lacking[0].fix if lacking else None,
            provides=tuple(provides),
        )

    def _collect(
        self, plugin: object, name: str, proved: Verification | None
    ) -> tuple[list[str], list[Requirement]]:
        """Call the plugin's registering hooks and shelve the answers, all or nothing."""
        answers = []
        for hook in _HOOKS:
            for implementation in getattr(self._manager.hook, hook).get_hookimpls():
                if implementation.plugin is plugin:
                    answers.append((hook, implementation.function()))
        trial = Catalogue()
        for hook, answer in answers:
            specs = register(trial, hook, answer, plugin=name)
            unproved = proved.covers(_announced(hook, specs)) if proved is not None else ()
            if unproved:
                raise PluginContractError(
                    f"it announces {unproved[0]}, of which its report says nothing", plugin=name
                )
        provides: list[str] = []
        lacking: list[Requirement] = []
        for hook, answer in answers:
            specs = register(self._catalogue, hook, answer, plugin=name)
            provides += _announced(hook, specs)
            for spec in specs:
                lacking += missing(spec.requires)
        return provides, lacking

    def _note_conflicts(self) -> None:
        shelves: Sequence[Shelf[Any]] = (
            self._catalogue.providers,
            self._catalogue.converters,
            self._catalogue.validators,
            self._catalogue.preprocessors,
        )
        for shelf in shelves:
            for name, owners in shelf.conflicts().items():
                reason = f"{shelf.kind} {name!r} is claimed by {', '.join(owners)}"
                _LOG.warning("%s; it belongs to neither", reason)
                for owner in owners:
                    self._listings[owner] = replace(
                        self._listings[owner],
                        state="broken",
                        reason=reason,
                        fix="Uninstall one of them, or leave it out of the allowed plugins.",
                    )


def _announced(hook: str, specs: Iterable[Spec]) -> list[str]:
    """What a hook announced, such as `provider echo`."""
    kind = hook.removeprefix("ossicle_register_").removesuffix("s")
    return [f"{kind} {spec.name}" for spec in specs]


def missing(requires: Iterable[Requirement]) -> list[Requirement]:
    """Which of the required packages are not there; nothing is imported."""
    return [requirement for requirement in requires if not requirement.is_met]


def _in_words(error: BaseException) -> str:
    text = str(error).splitlines()[0][:200] if str(error) else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@functools.cache
def default_host() -> PluginHost:
    """The host with first-party plugins only, for use without a client."""
    return PluginHost()
