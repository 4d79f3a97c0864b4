"""A vendor with every fault it can have: `python -m tests.bars.faults --requests 2000`.

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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import anyio
from anyio import to_thread
from tests.bars.fault_observer import Outcome, Verdict, words_of
from tests.bars.fault_questions import SHORT_WAITS, DrawnFaults, Question, draw_question

from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import DeadlineExceededError, OssicleError, ProviderConnectionError
from ossicle.messages import AudioDelta, Receipt, Reply
from ossicle.policy import RetryPolicy
from ossicle.testing.vendors import (
    UNRESOLVABLE_URL,
    FaultKind,
    LedgerEntry,
    RetryAfter,
    refusing_url,
    silent_url,
)
from ossicle.testing.vendors.openai import FakeOpenAI

FACES = ("asyncio", "trio", "blocking")
JOBS = 12
ROUND = 250
"""Calls of one client; a new one also tries building and closing."""

EVERY_KIND = frozenset(FaultKind)
CLEAN_KINDS = frozenset({FaultKind.STATUS_429, FaultKind.STATUS_503, FaultKind.STATUS_529})
"""The vendor turns away at the door: every such call has to succeed in the end."""


class Books:
    """The framework's own ledger: one receipt for each call that ended, under its tenant's name."""

    def __init__(self) -> None:
        self.receipts: defaultdict[str, list[Receipt | None]] = defaultdict(list)

    @hookimpl
    def ossicle_call_finished(self, call: CallInfo, receipt: Receipt) -> None:
        self.receipts[call.tenant].append(receipt)

    @hookimpl
    def ossicle_call_failed(self, call: CallInfo, error: OssicleError) -> None:
        self.receipts[call.tenant].append(error.receipt)

    @hookimpl
    def ossicle_call_abandoned(self, call: CallInfo, receipt: Receipt) -> None:
        self.receipts[call.tenant].append(receipt)


class Caller:
    """Asks questions with one client and writes down how each call ended.

    Args:
        face: `blocking` for `Client`, else the event loop under an `AsyncClient`.
        url: Of the vendor.
    """

    def __init__(self, face: str, url: str) -> None:
        self.outcomes: list[Outcome] = []
        self._books = Books()
        arguments: dict[str, Any] = {
            "api_key": "sk-test-0123456789abcdef",
            "base_url": url,
            "options": {"profile": "openai", "read_timeout_s": 0.8, "connect_timeout_s": 0.5},
            "settings": PipelineSettings(quality="off"),
            "retry": RetryPolicy(base_s=0.02, cap_s=0.1),
            "plugins": [self._books],
        }
        self._blocking = Client("openai", **arguments) if face == "blocking" else None
        self._async = AsyncClient("openai", **arguments) if face != "blocking" else None

    async def ask(self, question: Question) -> None:
        """Ask, and write down what came of it."""
        outcome = Outcome(question=question)
        began = time.monotonic()
        try:
            await self._ask(question, outcome)
        except OssicleError as error:
            outcome.error = error
        # What else leaves the API is what this bar is for.
        except Exception as error:  # noqa: BLE001
            outcome.error = error
        outcome.took_s = time.monotonic() - began
        outcome.receipts = self._books.receipts.pop(question.nonce, [])
        if outcome.reply is not None:
            outcome.words = await to_thread.run_sync(words_of, outcome.reply)
        self.outcomes.append(outcome)

    async def aclose(self) -> None:
        """Close the client."""
        if self._blocking is not None:
            await to_thread.run_sync(self._blocking.close)
        if self._async is not None:
            await self._async.aclose()

    async def _ask(self, question: Question, outcome: Outcome) -> None:
        if self._blocking is not None:
            face = self._blocking.for_tenant(question.nonce)
            outcome.reply = await to_thread.run_sync(_ask_blocking, face, question)
            outcome.was_left = outcome.reply is None
            return
        assert self._async is not None
        client = self._async.for_tenant(question.nonce)
        if question.way == "cancelled":
            with anyio.move_on_after(question.patience_s):
                outcome.reply = await _ask_whole(client, question)
        elif question.way == "whole":
            outcome.reply = await _ask_whole(client, question)
        else:
            outcome.reply = await _ask_streamed(client, question)
        outcome.was_left = outcome.reply is None


def _given(question: Question) -> dict[str, Any]:
    return {"audio": question.clip} if question.is_spoken else {"text": question.words}


def _output(question: Question) -> dict[str, Any]:
    wanted = {"text", "audio"} if question.wants_audio else {"text"}
    return {"output": wanted, "output_format": question.output_format}


def _streamed_arguments(question: Question) -> dict[str, Any]:
    tasks = {"chat": "respond", "hearing": "transcribe", "speech": "speak"}
    return {
        **question.arguments, **_given(question), **_output(question),
        "task": tasks[question.endpoint],
    }  # fmt: skip


def _whole_call(client: Any, question: Question) -> Any:
    if question.endpoint == "hearing":
        return client.transcribe(question.clip, **question.arguments)
    if question.endpoint == "speech":
        form = {"output_format": question.output_format}
        return client.speak(question.words, **form, **question.arguments)
    return client.respond(**_given(question), **_output(question), **question.arguments)


async def _ask_whole(client: AsyncClient, question: Question) -> Reply:
    reply: Reply = await _whole_call(client, question)
    return reply


async def _ask_streamed(client: AsyncClient, question: Question) -> Reply | None:
    async with client.stream(**_streamed_arguments(question)) as stream:
        async for event in stream:
            if question.way == "left_early" and isinstance(event, AudioDelta):
                return None
        return stream.reply


def _ask_blocking(client: Client, question: Question) -> Reply | None:
    if question.way in ("whole", "cancelled"):
        reply: Reply = _whole_call(client, question)
        return reply
    with client.stream(**_streamed_arguments(question)) as stream:
        for event in stream:
            if question.way == "left_early" and isinstance(event, AudioDelta):
                return None
        return stream.reply


async def _ask_all(face: str, url: str, questions: Sequence[Question]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for first in range(0, len(questions), ROUND):
        caller = Caller(face, url)
        waiting = iter(questions[first : first + ROUND])

        async def work(caller: Caller = caller, waiting: Any = waiting) -> None:
            for question in waiting:
                await caller.ask(question)

        async with anyio.create_task_group() as group:
            for _ in range(JOBS):
                group.start_soon(work)
        await caller.aclose()
        outcomes += caller.outcomes
    return outcomes


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
    backend = "asyncio" if face == "blocking" else face
    with ExitStack() as stack:
        vendor = stack.enter_context(FakeOpenAI())
        places = (
            Elsewhere("no_name", UNRESOLVABLE_URL),
            Elsewhere("refused", stack.enter_context(refusing_url())),
            Elsewhere("silent", stack.enter_context(silent_url())),
            Elsewhere("no_tls", vendor.base_url.replace("http:", "https:")),
        )
        outcomes = anyio.run(_ask_nobody, face, places, backend=backend)
        verdict = Verdict()
        for outcome in outcomes:
            verdict.judge(outcome, [])
            if not isinstance(outcome.error, ProviderConnectionError | DeadlineExceededError):
                verdict.silently_wrong.append(outcome.question.nonce)
        verdict.executed_twice += [str(entry.index) for entry in vendor.ledger.executed]
    return verdict, len(outcomes)


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
    with FakeOpenAI(schedule=schedule, receive_buffer_bytes=1 << 16) as vendor:
        backend = "asyncio" if face == "blocking" else face
        outcomes = anyio.run(_ask_all, face, vendor.base_url, questions, backend=backend)
        vendor.ledger.wait_idle()
        entries: defaultdict[str | None, list[LedgerEntry]] = defaultdict(list)
        for entry in vendor.ledger.entries:
            entries[entry.nonce].append(entry)
    verdict = Verdict()
    for outcome in outcomes:
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
    for name in (*Verdict.VIOLATIONS, "unorderable"):
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
