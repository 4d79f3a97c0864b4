"""Starts that are killed before each of their calls to the system, one after the other.

The making of a store, its migration from the first version, and the putting aside of a malformed
database: after each kill the next start must find everything that was there.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from tests.nightly.thresholds.operations import clock, dump, orphans
from tests.nightly.thresholds.system_calls import watched

from ossicle.storage import SqliteStore

Check = Callable[[Path], None]


def interrupted_starts(folder: Path, *, step: int = 1) -> dict[str, int]:
    """How many kills each kind of start has survived: all that there are.

    Raises:
        AssertionError: Something was lost.
    """
    folder.mkdir()
    return {
        "make": _sweep(folder / "make", None, _is_usable, step),
        "quarantine": _sweep(folder / "quarantine", *_malformed_store(folder / "malformed"), step),
    }


def _sweep(folder: Path, source: Path | None, check: Check, step: int) -> int:
    n_kills = 0
    while True:
        target = folder.with_name(f"{folder.name}-{n_kills}")
        if source is not None:
            shutil.copytree(source, target)
        was_killed = _start(target, 1 + n_kills * step)
        check(target)
        shutil.rmtree(target)
        if not was_killed:
            return n_kills
        n_kills += 1


def _start(folder: Path, at: int) -> bool:
    """Open a store in a child that dies before its n-th call; whether it did."""
    child = os.fork()
    if child == 0:  # pragma: no cover - in the child
        left = at

        def count(call: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            with watched(folder, count):
                SqliteStore(folder, clock=clock).close()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _is_usable(folder: Path) -> None:
    with SqliteStore(folder, clock=clock) as store:
        assert store.quarantined == ()
        store.put_blob("a", b"x" * 100_000)
    assert orphans(folder) == 0


def _malformed_store(folder: Path) -> tuple[Path, Check]:
    with SqliteStore(folder, clock=clock) as store:
        store.put_blob("a", b"y" * 100_000)
    path = folder / "ossicle.sqlite3"
    path.write_bytes(b"\xa5" * 4096 + path.read_bytes()[4096:])
    (blob,) = (folder / "blobs").iterdir()
    rescued = {path.read_bytes(), blob.read_bytes()}

    def check(path: Path) -> None:
        with SqliteStore(path, clock=clock) as store:
            assert store.list_tenants() == ()
            dump(store)
            aside = [each for one in store.quarantined for each in one.rglob("*") if each.is_file()]
            assert rescued <= {each.read_bytes() for each in aside}
        assert orphans(path) == 0

    return folder, check
