"""Kill torture of the store: `python -m tests.nightly.thresholds.kills --kills 500`.

A child process works on a store and says what it is about to do and what is done. It is killed
(SIGKILL) at a random moment, or by itself at a named point of an operation. After each kill the
store is opened again and must be what a model in memory says: everything acknowledged, and the
operation under way either wholly or not at all. Prints one JSON line; exits 1 on any escape.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.model_store import ModelStore
from tests.nightly.thresholds.kill_starts import interrupted_starts
from tests.nightly.thresholds.operations import KINDS, Operation, clock, dump, orphans
from tests.nightly.thresholds.system_calls import watched

from ossicle.errors import StorageCorruptError
from ossicle.storage import SqliteStore
from ossicle.storage.tables import Files

_WRITING = ("file created", "file written", "file synced", "file in place", "folder synced")
_COMMITTING = ("transaction begun", "rows written", "committed")
_SCRUBBING = ("rewritten", "log emptied")
_POINTS = {
    "open": _COMMITTING,
    "put_blob": (*_WRITING, *_COMMITTING),
    "save_conversation": _COMMITTING,
    "save_turn": (*_WRITING, *_COMMITTING, "file deleted"),
    "delete_blob": (*_COMMITTING, "file deleted", *_SCRUBBING),
    "delete_turns": (*_COMMITTING, "file deleted"),
    "delete_conversation": (*_COMMITTING, "file deleted", *_SCRUBBING),
    "append_charge": _COMMITTING,
    "save_cached": (*_WRITING, *_COMMITTING, "file deleted"),
    "delete_cached": (*_COMMITTING, "file deleted"),
    "trim_cached": (*_COMMITTING, "file deleted"),
    "clean": (*_COMMITTING, *_SCRUBBING),
    "delete_tenant": (*_COMMITTING, "file deleted", *_SCRUBBING),
}
_WRITING_CALLS = ("open part", "write part", "sync part", "rename part", "sync folder")
_LOGGING_CALLS = ("write log", "sync log")
_SCRUBBING_CALLS = ("write database", "sync database", "truncate log")
_CALLS = {
    "put_blob": (*_WRITING_CALLS, *_LOGGING_CALLS),
    "save_turn": (*_WRITING_CALLS, *_LOGGING_CALLS, "unlink blob"),
    "save_cached": (*_WRITING_CALLS, *_LOGGING_CALLS, "unlink blob"),
    "delete_blob": (*_LOGGING_CALLS, "unlink blob", *_SCRUBBING_CALLS),
    "delete_conversation": (*_LOGGING_CALLS, "unlink blob", *_SCRUBBING_CALLS),
    "delete_tenant": (*_LOGGING_CALLS, "unlink blob", *_SCRUBBING_CALLS),
    "clean": (*_LOGGING_CALLS, *_SCRUBBING_CALLS),
}
"""Calls to the system, SQLite's own included, before which the process ends."""
_BEFORE = "before "
NAMES = tuple(f"{kind}: {point}" for kind, points in _POINTS.items() for point in points) + tuple(
    f"{kind}: {_BEFORE}{call}" for kind, calls in _CALLS.items() for call in calls
)
_MOST_OPERATIONS = 400
_WARM_UP = 10
_TRIES = 60
"""How often an operation may miss its named point: what it deletes may not be there."""
_LONGEST_LIFE_S = 0.15
_FAILED = 3
_START_UP_MS = 200.0


class DeadlyFiles(Files):
    """Ends its process without a word the n-th time that a point is reached."""

    def __init__(self) -> None:
        self.point: str | None = None
        self.times = 1

    def reached(self, point: str) -> None:
        if point == self.point:
            self.times -= 1
            if self.times <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Figures:
    """What the run found."""

    kills: int = 0
    named_points: Counter[str] = field(default_factory=Counter)
    interrupted_starts: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    lost: int = 0
    corrupt: int = 0
    orphans: int = 0
    start_up_ms: list[float] = field(default_factory=list)


def live(folder: Path, pipe: int, *, seed: int, point: str | None) -> None:
    """The child: work until killed, at the named point of one operation if there is one."""
    rng = random.Random(seed)
    kind, _, where = (point or "").partition(": ")
    files = DeadlyFiles()
    if kind == "open":
        files.point = where
    with watched(folder, lambda call: files.reached(_BEFORE + call)):
        _work(folder, files, pipe, rng=rng, point=point)


def _work(
    folder: Path, files: DeadlyFiles, pipe: int, *, rng: random.Random, point: str | None
) -> None:
    kind, _, where = (point or "").partition(": ")
    store = SqliteStore(folder, clock=clock, files=files)
    # The second time too: SQLite makes most calls more than once.
    files.times = rng.randint(1, 2) if where.startswith(_BEFORE) else 1
    for step in range(_MOST_OPERATIONS if point is None else _WARM_UP + 2 * _TRIES):
        operation = Operation(kind=rng.choice(KINDS), number=rng.getrandbits(40))
        files.point = None
        # In between anything may happen, so that there is something to delete.
        if step >= _WARM_UP and point is not None and step % 2:
            operation = Operation(kind=kind, number=operation.number)
            files.point = where
        os.write(pipe, f"begin {operation.kind} {operation.number}\n".encode())
        operation.apply(store)
        os.write(pipe, b"done\n")


def one_life(folder: Path, *, seed: int, point: str | None) -> tuple[list[Operation], int, bool]:
    """Start a child and see it die; what it began, how much of it was done, whether killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - in the child
        os.close(reader)
        try:
            live(folder, writer, seed=seed, point=point)
        except BaseException:  # noqa: BLE001 - the child never returns into its parent's code
            traceback.print_exc()
            os._exit(_FAILED)
        finally:
            os._exit(0)
    os.close(writer)
    life_s = random.Random(seed).uniform(0, _LONGEST_LIFE_S) if point is None else 10.0
    end, heard = time.monotonic() + life_s, b""
    while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
        piece = os.read(reader, 65_536)
        if not piece:
            break
        heard += piece
    os.kill(child, signal.SIGKILL)
    while piece := os.read(reader, 65_536):
        heard += piece
    os.close(reader)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == _FAILED:
        raise AssertionError("the child failed")
    lines = heard.decode().splitlines()
    begun = [line.split() for line in lines if line.startswith("begin")]
    operations = [Operation(kind=kind, number=int(number)) for _, kind, number in begun]
    return operations, lines.count("done"), status == -signal.SIGKILL


def check(folder: Path, model: ModelStore, pending: Operation | None, figures: Figures) -> bool:
    """Open the store again and compare; False when it is not what it must be."""
    began = time.perf_counter()
    store = SqliteStore(folder, clock=clock)
    figures.start_up_ms.append(1000 * (time.perf_counter() - began))
    try:
        figures.orphans += orphans(folder) + len(store.quarantined)
        found = dump(store)
        if pending is not None and pending.kind == "put_blob" and found == dump(model):
            # Whether a blob that was there already has a new claim is not to be seen, but later
            # it matters. Done once more, it has one in both, whatever the kill let happen.
            pending.apply(store)
            pending.apply(model)
            found = dump(store)
    except StorageCorruptError:
        figures.corrupt += 1
        return False
    finally:
        store.close()
    if found == dump(model):
        return True
    if pending is not None:
        pending.apply(model)
        if found == dump(model):
            return True
    figures.lost += 1
    return False


def torture(folder: Path, *, kills: int, times: int, seed: int, every: int = 1) -> Figures:
    """Kill so many times at random, and so many times at each named point."""
    figures, model = Figures(), ModelStore(clock=clock)
    number, names = 0, NAMES[::every]
    while figures.kills < kills or any(figures.named_points[name] < times for name in names):
        number += 1
        missing = [name for name in names if figures.named_points[name] < times]
        is_named = missing and (number % 2 or figures.kills >= kills)
        point = missing[number // 2 % len(missing)] if is_named else None
        if number > 4 * (kills + times * len(names)):
            break  # A point that is never reached is told by the figures.
        if number % 25 == 0:  # A new store, so that its making is interrupted too.
            folder, model = folder.with_name(f"store-{number}"), ModelStore(clock=clock)
        operations, done, was_killed = one_life(folder, seed=seed + number, point=point)
        if was_killed and point is None:
            figures.kills += 1
        elif was_killed and point is not None and _was_reached(point, operations, done):
            figures.named_points[point] += 1
        for operation in operations[:done]:
            operation.apply(model)
        figures.acknowledged += done
        pending = operations[done] if done < len(operations) else None
        if not check(folder, model, pending, figures):
            print(f"after life {number}, {point}, {pending}", file=sys.stderr)  # noqa: T201
            break
    figures.interrupted_starts = interrupted_starts(folder.with_name("starts"), step=every)
    return figures


def _was_reached(point: str, operations: list[Operation], done: int) -> bool:
    kind = point.partition(": ")[0]
    if kind == "open":
        return not operations
    return done < len(operations) and operations[done].kind == kind


def main(arguments: list[str] | None = None) -> int:
    """Run the torture and print its figures; 0 when nothing escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--times", type=int, default=10, help="at each named point")
    parser.add_argument("--every", type=int, default=1, help="so many-th named point only")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = torture(
            Path(folder) / "store",
            kills=options.kills,
            times=options.times,
            seed=options.seed,
            every=options.every,
        )
    times, reached = sorted(figures.start_up_ms), list(figures.named_points.values())
    median = times[len(times) // 2]
    n_whole, n_names = sum(n >= options.times for n in reached), len(NAMES[:: options.every])
    print(  # noqa: T201
        json.dumps(
            {
                "kills": figures.kills,
                "named_points": f"{n_whole} of {n_names}",
                "named_kills": sum(reached),
                "interrupted_starts": figures.interrupted_starts,
                "acknowledged": figures.acknowledged,
                "lost": figures.lost,
                "corrupt": figures.corrupt,
                "orphans": figures.orphans,
                "start_up_ms_median": round(median, 1),
                "start_up_ms_max": round(times[-1], 1),
                "seconds": round(time.monotonic() - began, 1),
            }
        )
    )
    is_whole = (
        sum(n >= options.times for n in reached) == len(NAMES[:: options.every])
        and median <= _START_UP_MS
    )
    return 0 if is_whole and not (figures.lost or figures.corrupt or figures.orphans) else 1


if __name__ == "__main__":
    sys.exit(main())
