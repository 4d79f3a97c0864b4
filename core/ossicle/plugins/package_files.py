"""Which files a plugin's report is about, found without importing the plugin, and their digest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ossicle.abc import PROJECT

REPORT_NAME = "ossicle-conformance.json"
"""Name of the file with the report, in the top folder of the package."""

_ROOMS = frozenset({"intake", "preprocess", "validators"})
"""Where ossicle's own plugins live in the framework; see `docs/decisions/signed-reports.md`."""

_CACHE = "__pycache__"
_MOST_FILES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFiles:
    """The files behind a module with hooks: those of its whole top-level package.

    Attributes:
        report: Where the report lies, the one file that does not count.
        places: The folders of the package, in the order of import; or the file of a module alone.
        strange: Files in these folders that belong to other distributions.
    """

    report: Path
    places: tuple[Path, ...]
    strange: frozenset[Path] = frozenset()

    def digest(self) -> str:
        """SHA-256 over all names, as bytes with slashes between, and all that is in the files.

        Raises:
            OSError: Something cannot be read, is neither a file nor a folder, leads back to
                itself, or there is more than a package has.
        """
        found = [
            (os.fsencode(name), order, path)
            for order, place in enumerate(self.places)
            for name, path in self._files(place)
        ]
        seen = hashlib.sha256()
        for name, _, path in sorted(found):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256")
            seen.update(name + b"\0" + content.digest())
        return "sha256:" + seen.hexdigest()

    def _files(self, place: Path) -> Iterator[tuple[str, Path]]:
        if place.is_file():
            yield place.name, place
            return
        for name, path in _walk(place):
            if path != self.report and path not in self.strange:
                yield name, path


def package_files(module: str) -> PackageFiles | None:
    """The files that stand behind a module, or `None` where it is not there; nothing is imported.

    Args:
        module: The value of an entry point, such as `acme_voice.plugin`, or any other module of
            the same package.
    """
    top, *rest = module.partition(":")[0].split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = [Path(place).absolute() for place in spec.submodule_search_locations or ()]
    if not folders:
        return _of_lone_module(top, spec.origin)
    if top == PROJECT and rest and rest[0] in _ROOMS:
        folders = [folders[0] / rest[0]]
    elif spec.origin is None:  # a namespace, which others may have a part in
        home = _home(folders, rest)
        strange = _files_of_others(top, _module_files(home, folders, rest))
        return PackageFiles(report=home / REPORT_NAME, places=tuple(folders), strange=strange)
    return PackageFiles(report=folders[0] / REPORT_NAME, places=tuple(folders))


def _of_lone_module(top: str, origin: str | None) -> PackageFiles | None:
    if origin is None or not Path(origin).is_file():
        return None
    path = Path(origin).absolute()
    return PackageFiles(report=path.with_name(f"{top}.{REPORT_NAME}"), places=(path,))


def _walk(place: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of every file below a folder, also through links."""
    waiting: list[tuple[str, Path, tuple[Path, ...]]] = [("", place, ())]
    seen = 0
    while waiting:
        prefix, folder, above = waiting.pop()
        real = folder.resolve(strict=True)
        if real in above:
            raise OSError(f"{prefix or folder} leads back to itself")
        with os.scandir(folder) as entries:
            for entry in entries:
                name, path = prefix + entry.name, Path(entry.path)
                seen += 1  # folders too: links can make few of them look like very many
                if seen > _MOST_FILES:
                    raise OSError(f"there are more than {_MOST_FILES} files and folders")
                if entry.is_dir():
                    if entry.name != _CACHE:
                        waiting.append((name + "/", path, (*above, real)))
                elif entry.is_file():
                    yield name, path
                else:
                    raise OSError(f"{name} is neither a file nor a folder")


def _home(folders: list[Path], rest: list[str]) -> Path:
    """The first real package on the way to a module in a namespace, else the module's folder."""
    folder = next((one for one in folders if _module_at(one, rest)), folders[0])
    for part in rest:
        if (folder / "__init__.py").is_file() or not (folder / part).is_dir():
            break
        folder /= part
    return folder


def _module_at(folder: Path, rest: list[str]) -> list[Path]:
    whole = folder.joinpath(*rest)
    return [path for path in (whole.with_suffix(".py"), whole / "__init__.py") if path.is_file()]


def _module_files(home: Path, folders: list[Path], rest: list[str]) -> frozenset[Path]:
    return frozenset(
        path
        for folder in folders
        if home.is_relative_to(folder)
        for path in _module_at(folder, rest)
    )


def _files_of_others(top: str, module: frozenset[Path]) -> frozenset[Path]:
    """Files below a name of the top level in distributions that do not bring the module.

    What no distribution lists, as in editable installs, belongs to no other one, and counts.
    """
    own: set[Path] = set()
    others: set[Path] = set()
    for distribution in importlib.metadata.distributions():
        paths = _listed(distribution, top)
        (own if paths & module else others).update(paths)
    return frozenset(others - own)


def _listed(distribution: importlib.metadata.Distribution, top: str) -> set[Path]:
    try:
        return {
            Path(str(distribution.locate_file(path))).absolute()
            for path in distribution.files or ()
            if path.parts[:1] == (top,)
        }
    except Exception:  # noqa: BLE001 - rim: whatever the list of a broken distribution causes
        return set()
