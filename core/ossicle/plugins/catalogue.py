"""What the loaded plugins announced, by kind and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ossicle.errors import DuplicateNameError

if TYPE_CHECKING:
    from ossicle.abc import (
        Capabilities,
        ConverterSpec,
        PreprocessorSpec,
        ProviderSpec,
        Requirement,
        ValidatorSpec,
    )


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


_SHELVES: Mapping[str, Callable[[Catalogue], Shelf[Any]]] = {
    "ossicle_register_providers": lambda catalogue: catalogue.providers,
    "ossicle_register_converters": lambda catalogue: catalogue.converters,
    "ossicle_register_validators": lambda catalogue: catalogue.validators,
    "ossicle_register_preprocessors": lambda catalogue: catalogue.preprocessors,
}


def shelve(catalogue: Catalogue, hook: str, items: Sequence[Any], *, plugin: str) -> Sequence[Spec]:
    """Put what a plugin's hook announced where it belongs.

    Returns:
        What is named and can be asked for; records of models are not.
    """
    if hook == "ossicle_register_models":
        catalogue.models += items
        return ()
    for spec in items:
        _SHELVES[hook](catalogue).put(spec, plugin=plugin)
    return items
