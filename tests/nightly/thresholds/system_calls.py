"""Stands between a store and the system: each call may be counted, made to fail, or be the last.

Nothing of the product knows of it. What Python asks of the system is caught in the module `os`,
what SQLite asks in its own table of system calls (`sqlite_calls`), each for files below one
folder only.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from tests.nightly.thresholds.sqlite_calls import watched_sqlite

OnCall = Callable[[str], None]
"""Told what is about to be done, as in `sync log`; raises OSError for what shall fail."""


@contextlib.contextmanager
def watched(folder: Path, on_call: OnCall) -> Iterator[None]:
    """Be told of each call that changes or opens something below a folder."""
    root = os.fspath(folder)

    def tell(name: str, path: str) -> None:
        if path.startswith(root):
            on_call(f"{name} {kind_of(path, root)}")

    with watched_python(tell), watched_sqlite(tell):
        yield


def kind_of(path: str, root: str) -> str:
    """What a file below the store's folder is."""
    name = Path(path).name
    ends = {"-wal": "log", "-shm": "index", "-journal": "journal", ".part": "part"}
    for end, kind in ends.items():
        if name.endswith(end):
            return kind
    if name.startswith("quarantine-"):
        return "quarantine"
    known = {"ossicle.sqlite3": "database", "opening.lock": "lock", "blobs": "folder"}
    if name in known:
        return known[name]
    return "store" if path == root else "blob" if len(name) == 64 else "temporary"


@contextlib.contextmanager
def watched_python(tell: Callable[[str, str], None]) -> Iterator[None]:
    """Be told of what goes through the module `os`, by name and path."""
    paths: dict[int, str] = {}
    real = {name: getattr(os, name) for name in (*_BY_PATH, *_BY_HANDLE, "open", "fdopen", "close")}

    def open_(path: Any, *arguments: Any, **named: Any) -> int:
        tell("open", os.fspath(path))
        handle: int = real["open"](path, *arguments, **named)
        paths[handle] = os.fspath(path)
        return handle

    def forget(name: str, handle: int, *arguments: Any, **named: Any) -> Any:
        paths.pop(handle, None)
        return real[name](handle, *arguments, **named)

    def by_handle(name: str, handle: int, *arguments: Any) -> Any:
        if handle in paths:
            tell(_BY_HANDLE[name], paths[handle])
        return real[name](handle, *arguments)

    def by_path(name: str, path: Any, *arguments: Any, **named: Any) -> Any:
        tell(_BY_PATH[name], os.fspath(path))
        return real[name](path, *arguments, **named)

    replaced: dict[str, Callable[..., Any]] = {"open": open_}
    replaced |= {name: functools.partial(forget, name) for name in ("fdopen", "close")}
    replaced |= {name: functools.partial(by_handle, name) for name in _BY_HANDLE}
    replaced |= {name: functools.partial(by_path, name) for name in _BY_PATH}
    with contextlib.ExitStack() as patches:
        for name, function in replaced.items():
            patches.enter_context(mock.patch.object(os, name, function))
        yield


_BY_HANDLE = {"write": "write", "fsync": "sync"}
_BY_PATH = {
    "replace": "rename",
    "rename": "rename",
    "unlink": "unlink",
    "mkdir": "mkdir",
    "rmdir": "rmdir",
}
