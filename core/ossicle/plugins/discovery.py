"""Which plugins are installed, found without importing any of them."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ossicle.abc.hooks import HOOKS_OF_KIND, PROJECT

_LOG = logging.getLogger(__name__)

GROUPS = (PROJECT, *(f"{PROJECT}.{kind}" for kind in HOOKS_OF_KIND))
"""Entry point groups of plugins."""

EntryPoints = Callable[[], Iterable[importlib.metadata.EntryPoint]]


def installed_entry_points() -> Iterable[importlib.metadata.EntryPoint]:
    """Entry points of plugins in this environment; nothing is imported.

    One distribution whose list cannot be read does not hide those of the others.
    """
    try:
        points = importlib.metadata.entry_points()
        return [point for group in GROUPS for point in points.select(group=group)]
    except Exception:  # noqa: BLE001 - rim: whatever the files of a broken distribution cause
        return list(_one_by_one())


def _one_by_one() -> Iterator[importlib.metadata.EntryPoint]:
    for distribution in importlib.metadata.distributions():
        try:
            points = distribution.entry_points
        except Exception as error:  # noqa: BLE001 - rim: as above
            # The entry point file's text may be anything, so it is not repeated.
            _LOG.warning("a distribution's plugins are unreadable: %s", type(error).__name__)
            continue
        yield from (point for point in points if point.group in GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a plugin was installed from; `None` where its distribution does not say."""

    name: str | None = None
    version: str | None = None


class Origins:
    """Reads each distribution's metadata once: the description makes it long."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, Origin]] = {}

    def of(self, point: importlib.metadata.EntryPoint) -> Origin:
        """The origin of an entry point."""
        distribution = point.dist
        if distribution is None:
            return Origin()
        known = self._known.get(id(distribution))
        if known is None:
            known = distribution, _read(distribution)
            self._known[id(distribution)] = known
        return known[1]


def _read(distribution: importlib.metadata.Distribution) -> Origin:
    try:
        metadata = distribution.metadata
        return Origin(name=metadata["Name"], version=metadata["Version"])
    except Exception:  # noqa: BLE001 - rim: a distribution without readable metadata
        return Origin()
