"""Writes the project of a new plugin from the ones in `templates/`, which are whole themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ossicle.errors import ConfigurationError, FileAccessError

KINDS = ("provider", "converter", "validator", "preprocessor")

STAND_IN = "newname"
"""What the plugin is called in the templates."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
_MAX_CHARACTERS = 24
_CACHES = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")
"""What tools leave behind in a checkout: no part of a template."""


def plugin_name(given: str, *, taken: Iterable[str] = ()) -> str:
    """The name as entry points, import packages and users write it: with `_` instead of `-`.

    Args:
        given: What the author wishes, such as `acme` or `acme-voice`.
        taken: Names that this ossicle knows already.

    Raises:
        ConfigurationError: It cannot be used.
    """
    if given.startswith(("ossicle-", "ossicle_")):
        raise ConfigurationError(
            f"the plugin name {given!r} says ossicle itself",
            fix=f'Leave it out: the distribution of "{given[8:]}" is called ossicle-{given[8:]}.',
        )
    if not _NAME.fullmatch(given) or len(given) > _MAX_CHARACTERS:
        raise ConfigurationError(
            f"{given!r} is no name for a plugin",
            fix="Use lower-case letters and digits, a letter first, words joined by single hyphens "
            f"or underscores, at most {_MAX_CHARACTERS} characters.",
        )
    name = given.replace("-", "_")
    if name in taken or name == STAND_IN:
        raise ConfigurationError(
            f"the plugin name {given!r} is taken", fix="Choose another; see `ossicle plugins`."
        )
    return name


def write_project(name: str, *, kind: str, into: Path) -> list[Path]:
    """Write the project of a plugin into a folder that is empty or not there yet.

    Args:
        name: As `plugin_name` gives it.
        kind: One of `KINDS`.
        into: The folder.

    Returns:
        The files, relative to the folder, in order.

    Raises:
        FileAccessError: The folder holds something, or cannot be written.
    """
    contents = dict(_rendered(files("ossicle_cli") / "templates" / kind, Path(), name))
    try:
        if into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise FileAccessError(
                f"{str(into)!r} is there already",
                fix="Nothing is overwritten: give --into an empty folder, or one that is not "
                "there yet.",
            )
        for path, text in contents.items():
            (into / path.parent).mkdir(parents=True, exist_ok=True)
            with (into / path).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        if isinstance(error, FileAccessError):
            raise
        raise FileAccessError(
            f"cannot write {str(into)!r}: {error.strerror}", fix="Check the folder and its rights."
        ) from error
    return sorted(contents)


def _rendered(folder: Traversable, at: Path, name: str) -> Iterator[tuple[Path, str]]:
    """Path and text of each file of a template, with the name in its place."""
    for item in folder.iterdir():
        path = at / item.name.replace(STAND_IN, name)
        if item.is_dir():
            if item.name not in _CACHES:
                yield from _rendered(item, path, name)
            continue
        text = item.read_text(encoding="utf-8")
        title = "".join(word.capitalize() for word in name.split("_"))
        text = text.replace(f"ossicle-{STAND_IN}", f"ossicle-{name.replace('_', '-')}")
        yield path, text.replace(STAND_IN.capitalize(), title).replace(STAND_IN, name)
