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
from contextlib import ExitStack, closing
from typing import Any

import anyio
from anyio import to_thread
from tests.bars.fault_observer import Outcome, Verdict, words_of
from tests.bars.fault_questions import DrawnFaults, Question, draw_question

from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import OssicleError
from ossicle.messages import AudioDelta, Receipt, Reply
from ossicle.policy import RetryPolicy
from ossicle.testing.vendors import FaultKind, LedgerEntry
from ossicle.testing.vendors.openai import FakeOpenAI

FACES = ("asyncio", "trio", "blocking")
JOBS = 8
ROUND = 250
"""Calls of one client; a new one also tries building and closing."""

EVERY_KIND = frozenset(FaultKind)


class Caller:
    """Asks questions with one client and writes down how each call ended.

    Args:
        face: `blocking` for `Client`, else the event loop under an `AsyncClient`.
        url: Of the vendor.
    """

    def __init__(self, face: str, url: str) -> None:
        self.outcomes: list[Outcome] = []
        arguments: dict[str, Any] = {
            "api_key": "sk-test-0123456789abcdef",
            "base_url": url,
            "options": {"profile": "openai", "read_timeout_s": 0.8, "connect_timeout_s": 1.0},
            "settings": PipelineSettings(quality="off"),
            "retry": RetryPolicy(base_s=0.02, cap_s=0.1),
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
            outcome.error, outcome.receipt = error, error.receipt
        # What else leaves the API is what this bar is for.
        except Exception as error:  # noqa: BLE001
            outcome.error = error
        outcome.took_s = time.monotonic() - began
        if outcome.reply is not None:
            outcome.receipt = outcome.reply.receipt
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
            outcome.reply = await to_thread.run_sync(_ask_blocking, self._blocking, question)
            outcome.was_left = outcome.reply is None
            return
        assert self._async is not None
        if question.way == "cancelled":
            with anyio.move_on_after(question.patience_s):
                outcome.reply = await _ask_whole(self._async, question)
        elif question.way == "whole":
            outcome.reply = await _ask_whole(self._async, question)
        else:
            outcome.reply = await _ask_streamed(self._async, question)
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


def run_seed(
    seed: int,
    n_requests: int,
    *,
    face: str,
    rate: float = 0.5,
    kinds: frozenset[FaultKind] = EVERY_KIND,
) -> Verdict:
    """Ask one vendor so many questions, and compare the ledgers."""
    questions = [draw_question(seed, number) for number in range(n_requests)]
    schedule = DrawnFaults(seed, rate=rate, kinds=kinds)
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
    return verdict
