"""Imports a plugin and asks its hooks; a stranger's in a thread of its own, with a time limit.

A thread cannot be ended from outside. What takes longer than its limit is left behind: it is
listed as broken with the place where it was, and this process does not wait for it again. (See
`docs/decisions/013-third-party-plugins-load-within-ten-seconds-in-a-thread.md`.)
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pluggy

from ossicle.abc import PROJECT
from ossicle.errors import PluginLoadError
from ossicle.plugins.contract import SPEC_OF_HOOK, checked_answer

LOAD_LIMIT_S = 10.0
"""How long the import and the registering hooks of a third party's plugin may take together."""

HEAD_START_S = 0.25
"""After so long the next plugin is begun beside one that is not done: slow ones share the wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A plugin that was imported and whose hooks were asked.

    Attributes:
        plugin: The module or object.
        answers: Hook and what it announced, checked.
    """

    plugin: object
    answers: tuple[tuple[str, tuple[Any, ...]], ...]


def announcement_of(name: str, load: Callable[[], object]) -> Announcement:
    """Import a plugin and ask its hooks; nothing of the host is touched.

    Raises:
        BaseException: Whatever the plugin raises.
    """
    plugin = load()
    manager = pluggy.PluginManager(PROJECT)
    manager.register(plugin, name=name)
    answers = []
    for hook in SPEC_OF_HOOK:
        caller = getattr(manager.hook, hook, None)
        for implementation in caller.get_hookimpls() if caller is not None else ():
            items = checked_answer(hook, implementation.function(), plugin=name)
            answers.append((hook, tuple(items)))
    return Announcement(plugin=plugin, answers=tuple(answers))


class Loading:
    """One plugin being loaded in a thread of its own.

    There an interrupt is surely the plugin's own: a person's reaches the main thread only.

    Args:
        name: Of the plugin.
        module: Where its entry point leads.
        load: Imports it.
    """

    def __init__(self, name: str, module: str, load: Callable[[], object]) -> None:
        self._name, self._module, self._load = name, module, load
        self._done = threading.Event()
        self._announcement: Announcement | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"ossicle-plugin-{name}", daemon=True
        )
        self._began_s = time.monotonic()
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it is still not done."""
        return self._thread.is_alive() and not self._done.is_set()

    def wait(self, seconds: float) -> None:
        """Wait until it is done, but no longer than until so many seconds after its start."""
        self._done.wait(max(0.0, self._began_s + seconds - time.monotonic()))

    def result(self, limit_s: float) -> Announcement:
        """What came of it, now.

        Raises:
            PluginLoadError: It is not done.
            BaseException: Whatever the plugin raised.
        """
        if not self._done.is_set():
            place = self._place()
            raise PluginLoadError(
                f"it took longer than {limit_s:g} s to load{place}",
                plugin=self._name,
                fix="Leave it out of the allowed plugins or uninstall it, and report this to its "
                "author. It may go on running in this process.",
            )
        if self._error is not None:
            raise self._error
        assert self._announcement is not None
        return self._announcement

    def _run(self) -> None:
        try:
            self._announcement = announcement_of(self._name, self._load)
        except BaseException as error:  # noqa: BLE001 - rim: raised again where it is waited for
            self._error = error
        finally:
            self._done.set()

    def _place(self) -> str:
        """Where the thread is, in the plugin's own code if possible."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        package = self._module.partition(":")[0].partition(".")[0]
        while frame is not None:
            module = str(frame.f_globals.get("__name__", ""))
            if module.partition(".")[0] == package:
                return f", and was at line {frame.f_lineno} of {module}"
            frame = frame.f_back
        return ""


def load_strangers(
    plugins: Sequence[tuple[str, str, Callable[[], object]]], *, limit_s: float
) -> list[Callable[[], Announcement]]:
    """Load plugins one after the other; those that take long, side by side.

    Args:
        plugins: Name, module and import of each.
        limit_s: How long each may take.

    Returns:
        For each one a function that returns what it announced or raises why it cannot be used.
    """
    loadings = []
    for name, module, load in plugins:
        loading = _left_behind().get((name, module))
        if loading is None or not loading.is_running:
            _left_behind().pop((name, module), None)
            loading = Loading(name, module, load)
        loading.wait(min(HEAD_START_S, limit_s))
        loadings.append(loading)
    for (name, module, _), loading in zip(plugins, loadings, strict=True):
        loading.wait(limit_s)
        if loading.is_running:
            _left_behind()[name, module] = loading
    return [functools.partial(loading.result, limit_s) for loading in loadings]


@functools.cache
def _left_behind() -> dict[tuple[str, str], Loading]:
    """Plugins that this process waited for in vain, by name and module."""
    return {}
