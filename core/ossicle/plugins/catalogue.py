"""What the loaded plugins announced, by kind and name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ossicle.abc import (
    API_VERSION,
    Capabilities,
    ConverterSpec,
    PreprocessorSpec,
    ProviderSpec,
    Requirement,
    ValidatorSpec,
)
from ossicle.errors import DuplicateNameError, PluginContractError


class Spec(Protocol):
    """What all announcements have in common."""

    @property
    def name(self) -> str:
        """Unique among its kind."""
        ...

    @property
    def requires(self) -> tuple[Requirement, ...]:
        """Packages that must be there."""
        ...

    @property
    def api_version(self) -> int:
        """Version of the interface it was written for."""
        ...


SpecT = TypeVar("SpecT", bound=Spec)


class Shelf(Generic[SpecT]):
    """Announcements of one kind by name; a name that two plugins claim belongs to neither.

    Args:
        kind: Such as `provider`, for messages.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._specs: dict[str, SpecT] = {}
        self._owners: dict[str, list[str]] = {}

    def put(self, spec: SpecT, *, plugin: str) -> None:
        """Add an announcement; a duplicate is kept as a conflict and raised on use."""
        self._owners.setdefault(spec.name, []).append(plugin)
        self._specs.setdefault(spec.name, spec)

    def get(self, name: str) -> SpecT | None:
        """The announcement of this name, or `None`.

        Raises:
            DuplicateNameError: Several plugins claim the name.
        """
        owners = self._owners.get(name, [])
        if len(owners) > 1:
            raise DuplicateNameError(
                f"{self.kind} {name!r} is claimed by {len(owners)} plugins: {', '.join(owners)}",
                plugin=owners[-1],
                fix="Uninstall one of them, or leave it out of the allowed plugins.",
            )
        return self._specs.get(name)

    def conflicts(self) -> dict[str, list[str]]:
        """Names that several plugins claim, with the claimants."""
        return {name: owners for name, owners in self._owners.items() if len(owners) > 1}

    def __iter__(self) -> Any:
        """All announcements without conflict, in order of registration."""
        return (spec for name, spec in self._specs.items() if len(self._owners[name]) == 1)

    def names(self) -> tuple[str, ...]:
        """Names without conflict, in order of registration."""
        return tuple(name for name in self._specs if len(self._owners[name]) == 1)


@dataclass(slots=True)
class Catalogue:
    """Everything that was announced."""

    providers: Shelf[ProviderSpec] = field(default_factory=lambda: Shelf("provider"))
    converters: Shelf[ConverterSpec] = field(default_factory=lambda: Shelf("converter"))
    validators: Shelf[ValidatorSpec] = field(default_factory=lambda: Shelf("validator"))
    preprocessors: Shelf[PreprocessorSpec] = field(default_factory=lambda: Shelf("preprocessor"))
    models: list[Capabilities] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind:
    hook: str
    spec: type
    shelf: Callable[[Catalogue], Shelf[Any]]


KINDS: tuple[_Kind, ...] = (
    _Kind("ossicle_register_providers", ProviderSpec, lambda c: c.providers),
    _Kind("ossicle_register_converters", ConverterSpec, lambda c: c.converters),
    _Kind("ossicle_register_validators", ValidatorSpec, lambda c: c.validators),
    _Kind("ossicle_register_preprocessors", PreprocessorSpec, lambda c: c.preprocessors),
)


def register(catalogue: Catalogue, hook: str, answer: object, *, plugin: str) -> list[Spec]:
    """Put what a plugin's hook returned on its shelf, all or nothing.

    Raises:
        PluginContractError: The answer is not what the hook promises.
    """
    if not isinstance(answer, Sequence):
        raise PluginContractError(
            f"{hook} of plugin {plugin!r} returned a {type(answer).__name__}",
            plugin=plugin,
            fix="Return a list.",
        )
    if hook == "ossicle_register_models":
        catalogue.models += _checked(answer, Capabilities, hook, plugin)
        return []
    kind = next(kind for kind in KINDS if kind.hook == hook)
    specs = _checked(answer, kind.spec, hook, plugin)
    for spec in specs:
        if spec.api_version != API_VERSION:
            raise PluginContractError(
                f"plugin {plugin!r} was written for interface version {spec.api_version}, "
                f"this is {API_VERSION}",
                plugin=plugin,
                fix="Install a version of the plugin that fits this ossicle.",
            )
    for spec in specs:
        kind.shelf(catalogue).put(spec, plugin=plugin)
    return specs


def _checked(answer: Iterable[object], spec: type[Any], hook: str, plugin: str) -> list[Any]:
    items = list(answer)
    for item in items:
        if not isinstance(item, spec):
            raise PluginContractError(
                f"{hook} of plugin {plugin!r} returned a {type(item).__name__} in its list",
                plugin=plugin,
                fix=f"Return {spec.__name__} objects.",
            )
    return items
