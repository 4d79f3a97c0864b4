"""Every fault a vendor can have: `python -m tests.nightly.thresholds.faults --requests 2000`.

Each seed is one vendor on the loopback interface and one kind of client: `Client` from threads,
`AsyncClient` under asyncio, `AsyncClient` under trio. Waits are real, so they are short. Prints one
line of JSON; the exit status is 0 only when nothing was violated.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import anyio
import numpy as np
from tests.nightly.thresholds.fault_callers import Caller
from tests.nightly.thresholds.fault_observer import Outcome, Verdict, words_of
from tests.nightly.thresholds.fault_questions import (
    SHORT_WAITS,
    DrawnFaults,
    Question,
    draw_question,
)
from tests.nightly.thresholds.heartbeat import LoopHeart, MachineHeart, stalled_s

from ossicle.errors import DeadlineExceededError, ProviderConnectionError
from ossicle_testing.vendors import (
    UNRESOLVABLE_URL,
    FaultKind,
    LedgerEntry,
    RetryAfter,
    refusing_url,
    silent_url,
)
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import Samples, tone_ear

FACES = ("asyncio", "trio", "blocking")
JOBS = 12
ROUND = 250
"""Calls of one client; a new one also tries building and closing."""

EVERY_KIND = frozenset(FaultKind)
CLEAN_KINDS = frozenset({FaultKind.STATUS_429, FaultKind.STATUS_503, FaultKind.STATUS_529})
"""The vendor turns away at the door: every such call has to succeed in the end."""


async def _ask_all(face: str, url: str, questions: Sequence[Question]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    heart = LoopHeart()
    async with anyio.create_task_group() as beating:
        beating.start_soon(heart.beat)
        for first in range(0, len(questions), ROUND):
            caller = Caller(face, url)
            await _ask_round(caller, iter(questions[first : first + ROUND]))
            await caller.aclose()
            outcomes += caller.outcomes
        beating.cancel_scope.cancel()
    for outcome in outcomes:
        ended = outcome.began + outcome.took_s
        outcome.loop_stalled_s = stalled_s(heart.stalls, outcome.began, ended)
    return outcomes


def _run_watched(face: str, work: Callable[[], Awaitable[list[Outcome]]]) -> list[Outcome]:
    backend = "asyncio" if face == "blocking" else face
    with MachineHeart() as heart:
        outcomes = anyio.run(work, backend=backend)
    for outcome in outcomes:
        ended = outcome.began + outcome.took_s
        outcome.stalled_s = stalled_s(heart.stalls, outcome.began, ended)
    return outcomes


async def _ask_round(caller: Caller, waiting: Iterator[Question]) -> None:
    async def work() -> None:
        for question in waiting:
            await caller.ask(question)

    async with anyio.create_task_group() as group:
        for _ in range(JOBS):
            group.start_soon(work)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An address where no vendor answers.

    Attributes:
        name: Of the fault.
        url: The address.
    """

    name: str
    url: str


async def _ask_nobody(face: str, places: Sequence[Elsewhere]) -> list[Outcome]:
    callers = [Caller(face, place.url) for place in places]
    async with anyio.create_task_group() as group:
        for place, caller in zip(places, callers, strict=True):
            for way in ("whole", "streamed"):
                question = replace(draw_question(0, 0), nonce=f"{place.name}-{way}", way=way)
                group.start_soon(caller.ask, replace(question, timeout_s=2.5))
    for caller in callers:
        await caller.aclose()
    return [outcome for caller in callers for outcome in caller.outcomes]


def run_unreachable(face: str) -> tuple[Verdict, int]:
    """Calls that no server ever sees: no name, no listener, no answer, no TLS; and how many."""
    with ExitStack() as stack:
        vendor = stack.enter_context(FakeOpenAI())
        places = (
            Elsewhere("no_name", UNRESOLVABLE_URL),
            Elsewhere("refused", stack.enter_context(refusing_url())),
            Elsewhere("silent", stack.enter_context(silent_url())),
            Elsewhere("no_tls", vendor.base_url.replace("http:", "https:")),
        )
        outcomes = _run_watched(face, lambda: _ask_nobody(face, places))
        verdict = Verdict()
        for outcome in outcomes:
            verdict.judge(outcome, [])
            if not isinstance(outcome.error, ProviderConnectionError | DeadlineExceededError):
                verdict.silently_wrong.append(outcome.question.nonce)
        verdict.executed_twice += [str(entry.index) for entry in vendor.ledger.executed]
    return verdict, len(outcomes)


def quick_ear(samples: Samples, sample_rate: int) -> str:
    """The usual ear, without the long silence of a large question."""
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return tone_ear(samples[: loud[-1] + sample_rate // 10], sample_rate) if len(loud) else ""


def run_seed(
    seed: int,
    n_requests: int,
    *,
    face: str,
    rate: float = 0.5,
    is_clean: bool = False,
) -> Verdict:
    """Ask one vendor so many questions, and compare the ledgers.

    Args:
        seed: Any number.
        n_requests: How many questions.
        face: `blocking` for `Client`, else the event loop under an `AsyncClient`.
        rate: Share of requests that are struck.
        is_clean: Only faults that surely executed nothing and ask for no long wait, two in a row
            at most: then every call that is not left has to be answered.
    """
    questions = [draw_question(seed, number) for number in range(n_requests)]
    if is_clean:
        questions = [replace(question, timeout_s=10.0) for question in questions]
    schedule = DrawnFaults(
        seed,
        rate=rate,
        kinds=CLEAN_KINDS if is_clean else EVERY_KIND,
        most_in_a_row=2 if is_clean else None,
        waits=SHORT_WAITS if is_clean else tuple(RetryAfter),
    )
    with FakeOpenAI(schedule=schedule, ear=quick_ear, receive_buffer_bytes=1 << 16) as vendor:
        outcomes = _run_watched(face, lambda: _ask_all(face, vendor.base_url, questions))
        vendor.ledger.wait_idle()
        entries: defaultdict[str | None, list[LedgerEntry]] = defaultdict(list)
        for entry in vendor.ledger.entries:
            entries[entry.nonce].append(entry)
    verdict = Verdict()
    for outcome in outcomes:
        if outcome.reply is not None:
            outcome.words = words_of(outcome.reply)
        verdict.judge(outcome, entries.pop(outcome.question.nonce, []))
    missing = {one.nonce for one in questions} - {one.question.nonce for one in outcomes}
    verdict.lost += [f"{nonce} without an end" for nonce in sorted(missing)]
    verdict.unbooked += [f"{nonce} of nobody" for nonce in entries]
    if is_clean:
        verdict.lost += [one.question.nonce for one in outcomes if one.error is not None]
    return verdict


def report(verdict: Verdict, n_requests: int, *, took_s: float) -> dict[str, Any]:
    """The figures as plain data."""
    found: dict[str, Any] = {
        "requests": n_requests,
        "faults": verdict.faults.total(),
        "kinds": len(verdict.faults),
        "kinds_missed": sorted(set(FaultKind) - set(verdict.faults)),
        "fewest_hits": min((verdict.faults[kind] for kind in FaultKind), default=0),
        "states": dict(verdict.states),
        "errors": dict(verdict.errors),
    }
    for name in (*Verdict.VIOLATIONS, "unorderable", "stalled", "loop_stalled"):
        nonces = getattr(verdict, name)
        found[name] = len(nonces)
        if nonces:
            found[f"{name}_calls"] = nonces[:20]
    return found | {"seconds": round(took_s, 1)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bar; 0 when nothing was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="of all seeds together")
    parser.add_argument("--seeds", default="1,2,3", help="numbers, with commas between")
    parser.add_argument("--rate", type=float, default=0.5, help="share of requests that fail")
    parser.add_argument(
        "--clean",
        action="store_true",
        help="only faults that surely executed nothing: all calls must succeed",
    )
    options = parser.parse_args(arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    began = time.monotonic()
    verdict, n_requests = Verdict(), 0
    for index, seed in enumerate(seeds):
        face = FACES[index % len(FACES)]
        n_here = options.requests // len(seeds) + (index < options.requests % len(seeds))
        verdict.add(run_seed(seed, n_here, face=face, rate=options.rate, is_clean=options.clean))
        unreachable, n_unreachable = run_unreachable(face)
        verdict.add(unreachable)
        n_requests += n_here + n_unreachable
    print(json.dumps(report(verdict, n_requests, took_s=time.monotonic() - began)))  # noqa: T201
    return 0 if verdict.is_clean and verdict.states["committed"] else 1


if __name__ == "__main__":
    sys.exit(main())
