"""Mutants of good plugins against their suites: `python -m tests.nightly.mutants.mutants`.

Every small change that `tests.nightly.mutants.mutations` knows, of a good provider and a good
converter, runs through the whole suite until the first failure, each in a process of its own.
Prints one line of JSON; the exit status is 0 only when at least 95 % were caught. Mutants that no
test can tell from the original are listed by hand, each with the reason, and counted apart.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import select
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.nightly.mutants.equivalents import EQUIVALENT
from tests.nightly.mutants.mutations import Mutation, mutations

BROKEN = "tests.nightly.broken_plugins"
PARROT = ("parrot.wire", "parrot.dialect", "parrot.provider")
CONVERTER = ("good_converter",)
SUITES = {
    "parrot": (f"{BROKEN}.parrot.suite", "ParrotSuite"),
    "good_converter": (f"{BROKEN}.converters", "GoodConverterSuite"),
}
_PATIENCE_S = 90
_LEAST = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a mutant fared.

    Attributes:
        mutation: What was changed.
        caught_by: The check that failed first, `a time limit`, `a crash`, or `None`.
        is_stillborn: Whether it could not even be imported; such a one proves nothing.
    """

    mutation: Mutation
    caught_by: str | None
    is_stillborn: bool = False


def every_mutation() -> list[Mutation]:
    """Of all modules of the good plugins."""
    root = Path(__file__).parents[1] / "broken_plugins"
    found: list[Mutation] = []
    for module in (*PARROT, *CONVERTER):
        path = root.joinpath(*module.split(".")).with_suffix(".py")
        found += mutations(module, path.read_text(encoding="utf-8"))
    return found


def run_mutants(todo: Sequence[Mutation], *, jobs: int) -> Iterable[Outcome]:
    """The outcomes, in the order in which they come."""
    _warm_up()
    waiting, running = list(reversed(todo)), dict[int, tuple[int, Mutation, float]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutation = waiting.pop()
            reading, pid = _start(mutation)
            running[reading] = (pid, mutation, time.monotonic())
        for reading in select.select(list(running), [], [], 1.0)[0]:
            pid, mutation, _ = running.pop(reading)
            yield _harvest(reading, pid, mutation)
        for pid, _, began in running.values():
            if time.monotonic() - began > _PATIENCE_S:
                os.kill(pid, signal.SIGKILL)


def _warm_up() -> None:
    """Import what mutants share, once."""
    importlib.import_module("ossicle_testing.conformance")


def _start(mutation: Mutation) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return reading, pid
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    found: dict[str, object] = {}
    try:
        found = _try(mutation)
    except BaseException as error:  # noqa: BLE001 - whatever a mutant does is its outcome
        found = {"caught_by": f"a crash: {type(error).__name__}"}
    finally:
        os.write(writing, json.dumps(found).encode())
        os._exit(0)


def _try(mutation: Mutation) -> dict[str, object]:
    from ossicle_testing.conformance import run_suite

    name = f"{BROKEN}.{mutation.module}"
    module = types.ModuleType(name)
    try:
        code = compile(mutation.source, f"<{mutation.name[:60]}>", "exec")
        # A suite that was imported before, by other tests, would go on with the unchanged plugin.
        for imported in [one for one in sys.modules if one.startswith(BROKEN)]:
            del sys.modules[imported]
        sys.modules[name] = module
        exec(code, module.__dict__)
        where, suite = SUITES[mutation.module.partition(".")[0]]
        made = getattr(importlib.import_module(where), suite)
    except Exception:  # noqa: BLE001 - any of them means the same
        return {"is_stillborn": True}
    trial = run_suite(made, stops_early=True)
    return {"caught_by": next(iter(trial.failures), None)}


def _harvest(reading: int, pid: int, mutation: Mutation) -> Outcome:
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    if not told:
        return Outcome(mutation=mutation, caught_by="a time limit")
    found = json.loads(told)
    return Outcome(
        mutation=mutation, caught_by=found.get("caught_by"),
        is_stillborn=found.get("is_stillborn", False),
    )  # fmt: skip


def summarise(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The figures: equivalent and stillborn mutants count neither way."""
    alive = [one for one in outcomes if not one.is_stillborn]
    equivalent = [one for one in alive if one.caught_by is None and one.mutation.name in EQUIVALENT]
    judged = [one for one in alive if one not in equivalent]
    survivors = [one.mutation.name for one in judged if one.caught_by is None]
    caught = len(judged) - len(survivors)
    return {
        "mutants": len(judged),
        "caught": caught,
        "share": round(caught / len(judged), 4) if judged else 0.0,
        "equivalent": len(equivalent),
        "stillborn": len(outcomes) - len(alive),
        "by_check": dict(Counter(one.caught_by for one in judged if one.caught_by).most_common()),
        "survivors": sorted(survivors),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; 0 when enough were caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="how many, drawn by the seed; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants with this in their name")
    chosen = parser.parse_args(arguments)
    todo = [one for one in every_mutation() if chosen.only in one.name]
    if chosen.sample is not None:
        todo = random.Random(chosen.seed).sample(todo, min(chosen.sample, len(todo)))
    began = time.monotonic()
    found = summarise(list(run_mutants(todo, jobs=chosen.jobs)))
    found["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(found))  # noqa: T201 - a command's output
    share = found["share"]
    assert isinstance(share, float)
    return 0 if share >= _LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
