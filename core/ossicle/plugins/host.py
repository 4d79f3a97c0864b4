"""The plugin host: discovers by entry points, loads on use, isolates what is broken."""

from __future__ import annotations

import difflib
import importlib.metadata
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pluggy

from ossicle.abc import PROJECT, hooks
from ossicle.errors import (
    ConfigurationError,
    DependencyMissingError,
    OssicleError,
    PluginContractError,
    PluginLoadError,
    UnknownProviderError,
)
from ossicle.plugins.catalogue import Catalogue, Shelf, Spec, shelve
from ossicle.plugins.discovery import EntryPoints, Origins, installed_entry_points
from ossicle.plugins.listing import PluginListing
from ossicle.plugins.loading import LOAD_LIMIT_S, Announcement, announcement_of, load_strangers

if TYPE_CHECKING:
    from ossicle.abc import (
        Capabilities,
        ConverterSpec,
        PreprocessorSpec,
        ProviderSpec,
        Requirement,
        ValidatorSpec,
    )
    from ossicle.plugins.proof import Proof

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # the host program decides what is shown


def _plugins_own() -> tuple[type[BaseException], ...]:
    """What a plugin may raise by itself; an interrupt in our thread is a person's, and passes."""
    import asyncio  # dear, and only needed once something was raised

    return (Exception, SystemExit, GeneratorExit, asyncio.CancelledError)


def _anything() -> tuple[type[BaseException], ...]:
    """What a plugin that was loaded in a thread of its own may raise; no person's interrupt."""
    return (BaseException,)


class PluginHost:
    """Knows all plugins, loads the allowed ones when first needed, and keeps going.

    Plugins of other distributions load only when allowed by name: a loaded plugin is trusted code.

    Args:
        allow: Names of third-party entry points that may load; `"*"` allows every installed one.
        plugins: Objects or modules with hook implementations, registered by the application.
        entry_points: Where to discover; for tests and frozen programs.
        load_limit_s: How long a third party's plugin may take to load.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        plugins: Iterable[object] = (),
        entry_points: EntryPoints = installed_entry_points,
        load_limit_s: float = LOAD_LIMIT_S,
    ) -> None:
        self._allow = frozenset([allow] if isinstance(allow, str) else allow)
        self._objects = tuple(plugins)
        self._entry_points = entry_points
        self._load_limit_s = load_limit_s
        self._origins = Origins()
        self._lock = threading.RLock()
        self._is_loaded = False
        self._loaded_kinds: set[str] = set()
        self._points: list[importlib.metadata.EntryPoint] | None = None
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
        self.load("converters")
        return tuple(self._catalogue.converters)

    def validators(self) -> tuple[ValidatorSpec, ...]:
        """All announced validators that can work here."""
        self.load()
        return tuple(spec for spec in self._catalogue.validators if not missing(spec.requires))

    def preprocessors(self) -> tuple[PreprocessorSpec, ...]:
        """All announced preprocessors that can work here."""
        self.load("preprocessors")
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

    def proof(self, name: str) -> Proof:
        """What the report of the plugin of this name proves; its code is not loaded for it.

        Raises:
            ConfigurationError: No plugin of this name is installed.
        """
        for point in self._entry_points():
            if point.name == name:
                version = self._origins.of(point).version
                from ossicle.plugins.proof import read_proof

                return read_proof(PluginListing(name=name, module=point.value, version=version))
        raise ConfigurationError(
            f"no plugin {name!r} is installed", fix="See `ossicle plugins` for the names."
        )

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
        names = sorted(self._catalogue.providers.names())
        meant = difflib.get_close_matches(name, names, n=1)
        guess = f"Did you mean {meant[0]!r}? " if meant else ""
        return UnknownProviderError(
            f"unknown provider {name!r}",
            fix=f"{guess}Known here: {', '.join(names) or 'none'}. See `ossicle plugins` for what "
            "could be installed.",
        )

    def check_provider(self, name: str) -> None:
        """Make sure that a provider of this name is announced, installed packages or not.

        Raises:
            UnknownProviderError: No allowed plugin announces it; the nearest name is in the fix.
            PluginLoadError: The plugin of this name is broken.
        """
        self.load()
        if name not in self._catalogue.providers.names():
            raise self._why_unknown(name)

    # ---- life cycle

    def notify(self, hook: str, **facts: Any) -> None:
        """Call a life-cycle hook of every plugin; one that fails is logged and passed over."""
        self.load()
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            wanted = {name: facts[name] for name in implementation.argnames}
            try:
                implementation.function(**wanted)
            except _plugins_own() as error:
                # Rim: a listener must not end a paid call.
                _LOG.warning(
                    "hook %s of plugin %s failed: %s",
                    hook,
                    implementation.plugin_name,
                    type(error).__name__,
                )

    # ---- loading

    def load(self, kind: str | None = None) -> None:
        """Import and register every allowed plugin; a second call does nothing.

        Args:
            kind: Load only what may announce this kind, such as `converters`; `None`: everything.
        """
        if self._is_loaded or kind in self._loaded_kinds:
            return
        with self._lock:
            if self._is_loaded or kind in self._loaded_kinds:
                return
            if self._points is None:
                self._adopt_objects()
                self._points = list(self._entry_points())
            wanted = [one for one in self._points if kind is None or _kind_of(one) in ("", kind)]
            self._points = [one for one in self._points if one not in wanted]
            self._load_points(wanted)
            self._note_conflicts()
            if kind is None:
                self._is_loaded = True
            else:
                self._loaded_kinds.add(kind)

    def _adopt_objects(self) -> None:
        for number, plugin in enumerate(self._objects):
            name = getattr(plugin, "__name__", None) or type(plugin).__name__
            name = f"{name}#{number}" if name in self._listings else name
            listing = PluginListing(name=name, module=name)
            self._adopt(listing, partial(announcement_of, name, partial(_same, plugin)))

    def _load_points(self, points: Iterable[importlib.metadata.EntryPoint]) -> None:
        strangers = []
        for point in points:
            known = self._admit(point)
            if known is None:
                continue
            self._listings[known.name] = known  # the name is taken from now on
            if known.is_first_party and known.state == "ready":
                announce = partial(announcement_of, known.name, point.load)
                self._adopt(known, announce, kind=_kind_of(point))
            elif known.state == "ready":
                strangers.append((known, point))
        strangers.sort(key=lambda one: one[0].name)  # file systems list them in any order
        loaded = load_strangers(
            [(listing.name, point.value, point.load) for listing, point in strangers],
            limit_s=self._load_limit_s,
        )
        for (listing, point), announcement in zip(strangers, loaded, strict=True):
            self._adopt(listing, announcement, kind=_kind_of(point), own=_anything)

    def _admit(self, point: importlib.metadata.EntryPoint) -> PluginListing | None:
        """What is known of a plugin before it is imported; its state says whether it may be.

        `None` for a distribution that is found twice on the path.
        """
        origin = self._origins.of(point)
        distribution = origin.name
        listing = PluginListing(
            name=point.name,
            module=point.value,
            distribution=distribution,
            version=origin.version,
            is_first_party=distribution == PROJECT,
        )
        if point.name in self._listings:
            taken = self._listings[point.name]
            if taken.module == point.value and taken.distribution == distribution:
                return None
            return replace(
                listing,
                name=f"{point.name} ({distribution})",
                state="broken",
                reason=f"the plugin name {point.name!r} is already taken by {taken.distribution}",
                fix="Uninstall one of the two distributions.",
            )
        if listing.is_first_party:
            return listing
        if {"*", point.name} & self._allow:
            return listing
        return replace(
            listing,
            state="blocked",
            reason="a third party's plugin that the application does not allow",
            fix=f'Allow it: Client(..., allow_plugins=["{point.name}"]), or on the command '
            f"line --plugin {point.name}. A loaded plugin can do anything you can.",
        )

    def _adopt(
        self,
        listing: PluginListing,
        announce: Callable[[], Announcement],
        *,
        kind: str = "",
        own: Callable[[], tuple[type[BaseException], ...]] = _plugins_own,
    ) -> None:
        try:
            found = announce()
            _check_kind(found, kind, plugin=listing.name)
            self._manager.register(found.plugin, name=listing.name)
        except own() as error:
            # Rim: whatever a broken plugin raises, SystemExit included, must not stop the host.
            from ossicle.plugins.wording import fix_for, in_words

            reason = in_words(error)
            self._listings[listing.name] = replace(
                listing, state="broken", reason=reason, fix=fix_for(error, listing.module)
            )
            _LOG.warning("plugin %s is broken: %s", listing.name, reason)
            return
        provides: list[str] = []
        lacking: list[Requirement] = []
        for hook, items in found.answers:
            for spec in shelve(self._catalogue, hook, items, plugin=listing.name):
                provides.append(_announced(hook, spec))
                lacking += missing(spec.requires)
        self._listings[listing.name] = replace(
            listing,
            state="limited" if lacking else "ready",
            reason=f"the package {lacking[0].package!r} is not installed" if lacking else None,
            fix=lacking[0].fix if lacking else None,
            provides=tuple(provides),
        )

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
                if all(self._listings[owner].reason == reason for owner in owners):
                    continue
                _LOG.warning("%s; it belongs to neither", reason)
                for owner in owners:
                    self._listings[owner] = replace(
                        self._listings[owner],
                        state="broken",
                        reason=reason,
                        fix="Uninstall one of them, or leave it out of the allowed plugins.",
                    )


def _kind_of(point: importlib.metadata.EntryPoint) -> str:
    """The one kind that a plugin may announce, by its group; empty: any."""
    return point.group.removeprefix(PROJECT).removeprefix(".")


def _check_kind(found: Announcement, kind: str, *, plugin: str) -> None:
    """Refuse what would be there or not, depending on what was asked for first."""
    for hook, _ in found.answers:
        if kind and hook not in hooks.HOOKS_OF_KIND[kind]:
            raise PluginContractError(
                f"plugin {plugin!r} of the group ossicle.{kind} implements {hook}",
                plugin=plugin,
                fix="Name it in the entry point group ossicle, whose plugins announce anything.",
            )


def _announced(hook: str, spec: Spec) -> str:
    """What a hook announced, such as `provider echo`."""
    return f"{hook.removeprefix('ossicle_register_').removesuffix('s')} {spec.name}"


def missing(requires: Iterable[Requirement]) -> list[Requirement]:
    """Which of the required packages are not there; nothing is imported."""
    return [requirement for requirement in requires if not requirement.is_met]


def _same(plugin: object) -> object:
    return plugin


@cache
def default_host() -> PluginHost:
    """The host with first-party plugins only, for use without a client."""
    return PluginHost()
