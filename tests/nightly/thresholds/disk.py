"""The n-th call to the system fails, for every n: `python -m tests.nightly.thresholds.disk`.

Each open, write, sync, rename, truncate, unlink and mkdir below the store's folder, SQLite's own
included, fails once with each of ENOSPC, EIO, EACCES, EROFS and EMFILE, until a run completes
without meeting a fault. After each run the database must be valid, every operation wholly done or
not at all, no file without a row; no fault of the cache may fail a call; and what a conversation
answered must be there although it could not be saved. Prints one JSON line; exits 1 on any escape.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from tests.model_store import ModelStore
from tests.nightly.thresholds.operations import KINDS, Operation, clock, dump, orphans
from tests.nightly.thresholds.system_calls import watched

from ossicle import Client
from ossicle.errors import StorageError
from ossicle.storage import AudioCache, Cacheable, SqliteStore

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE)
_VALUE = b"v" * 100_000
_MADE = [
    Operation(kind=kind, number=number)
    for number in range(12)
    for kind in ("save_conversation", "save_turn", "save_cached", "put_blob")
]


@dataclass
class Figures:
    """What the sweep found."""

    runs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    typed_errors: int = 0
    escapes: list[str] = field(default_factory=list)


class Fault:
    """Lets the n-th call fail, and counts all."""

    def __init__(self, *, at: int, number: int) -> None:
        self.calls = 0
        self.at = at
        self.number = number
        self.met: str | None = None
        self.is_armed = False

    def __call__(self, call: str) -> None:
        self.calls += self.is_armed
        if self.is_armed and self.calls == self.at:
            self.met = call
            raise OSError(self.number, os.strerror(self.number))


Run = Callable[[Path, Fault, Figures], None]
"""Works on a store in a folder under a fault, and raises AssertionError for what must not be."""


def sweep(name: str, run: Run, *, source: Path | None, step: int, figures: Figures) -> None:
    """Run it with the first fault, the second, and so on until none is met."""
    for number in ERRORS:
        at = 1
        while True:
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place) / "store"
                if source is not None:
                    shutil.copytree(source, folder)
                fault = Fault(at=at, number=number)
                try:
                    run(folder, fault, figures)
                    _check(folder)
                except Exception as error:  # noqa: BLE001 - an escape, recorded by name
                    what = f"{type(error).__name__}: {error}"[:200]
                    case = f"{name}, call {at} ({fault.met}), {errno.errorcode[number]}: {what}"
                    figures.escapes.append(case)
            figures.runs += 1
            if fault.met is None:
                break
            figures.faults[fault.met.split()[0]] += 1
            at += step


def _check(folder: Path) -> None:
    """The store opens, is valid, and no file is without a row."""
    with SqliteStore(folder, clock=clock) as store:
        assert store.quarantined == (), "it was put aside"
        dump(store)
    assert orphans(folder) == 0, "orphans"
    with closing(sqlite3.connect(folder / "ossicle.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",), "integrity"


def operate(kind: str) -> Run:
    """An operation of an open store: wholly or not at all, and typed when it fails."""
    # One that does something to what is there.
    operation = Operation(kind=kind, number=7_004)
    models = [ModelStore(clock=clock), ModelStore(clock=clock)]
    for model in models:
        for each in _MADE:
            each.apply(model)
    operation.apply(models[1])
    answers = [dump(model) for model in models]

    def run(folder: Path, fault: Fault, figures: Figures) -> None:
        is_done = True
        with watched(folder, fault):
            store = SqliteStore(folder, clock=clock)
            fault.is_armed = True
            try:
                operation.apply(store)
            except StorageError:
                is_done = False
                figures.typed_errors += 1
            with suppress(StorageError):
                store.close()
        with SqliteStore(folder, clock=clock) as again:
            found = dump(again)
        assert found == answers[1] or (not is_done and found == answers[0]), "half done"

    return run


def open_one(folder: Path, fault: Fault, figures: Figures) -> None:
    """Opening a store that is not there yet, or is: typed when it fails, and nothing is lost."""
    before = None
    if folder.exists():
        with SqliteStore(folder, clock=clock) as store:
            before = dump(store)
    with watched(folder, fault):
        fault.is_armed = True
        try:
            SqliteStore(folder, clock=clock).close()
        except StorageError:
            figures.typed_errors += 1
    with SqliteStore(folder, clock=clock) as store:
        assert before is None or dump(store) == before, "something was lost"


def use_cache(folder: Path, fault: Fault, figures: Figures) -> None:
    """Two calls through the cache: both get what was made, whatever the disk does."""

    async def make() -> Cacheable:
        return Cacheable(document="{}", value=_VALUE)

    async def ask(cache: AudioCache) -> bytes:
        return (await cache.fetch("a", kind="speak", facts=1, make=make)).value

    with watched(folder, fault):
        store = SqliteStore(folder, clock=clock)
        fault.is_armed = True
        cache = AudioCache(store)
        assert [anyio.run(ask, cache) for _ in range(2)] == [_VALUE] * 2, "another value"
        with suppress(StorageError):
            store.close()


def converse(folder: Path, fault: Fault, figures: Figures) -> None:
    """A turn of a conversation: the answer is there, also when it could not be saved."""
    with (
        watched(folder, fault),
        SqliteStore(folder) as store,
        Client("echo", store=store) as client,
    ):
        talk = client.conversation(id="monday")
        talk.send("one")
        is_saved = fault.is_armed = True
        try:
            talk.send("two")
        except StorageError:
            is_saved = False
            figures.typed_errors += 1
        fault.is_armed = False
        # Where the pending turn cannot be written nothing is sent; else the answer is kept here.
        answered = [turn for turn in talk.turns if turn.state == "committed"]
        assert is_saved <= (len(answered) == 2), "an answer is lost"
        if not is_saved:
            talk.save()
        kept = store.load_conversation("default", "monday")
        assert len(kept.turns) == len(talk.turns), "not all turns are stored"


def main(arguments: list[str] | None = None) -> int:
    """Run the sweep and print its figures; 0 when nothing escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="every so many calls only")
    options = parser.parse_args(arguments)
    began, figures = time.monotonic(), Figures()
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "store"
        with SqliteStore(source, clock=clock) as store:
            for operation in _MADE:
                operation.apply(store)
        runs: list[tuple[str, Run, Path | None]] = [
            (kind, operate(kind), source) for kind in sorted(set(KINDS))
        ]
        runs += [("open", open_one, source), ("make", open_one, None)]
        runs += [("cache", use_cache, None), ("converse", converse, None)]
        for name, run, filled in runs:
            sweep(name, run, source=filled, step=options.step, figures=figures)
    line = {
        "runs": figures.runs,
        "faults": dict(sorted(figures.faults.items())),
        "typed_errors": figures.typed_errors,
        "escapes": len(figures.escapes),
        "seconds": round(time.monotonic() - began, 1),
    }
    print("\n".join(figures.escapes[:20]), file=sys.stderr)  # noqa: T201
    print(json.dumps(line))  # noqa: T201
    return 1 if figures.escapes else 0


if __name__ == "__main__":
    sys.exit(main())
