"""Callers who ask a faulty vendor through either client and write down how each call ended."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import anyio
from anyio import to_thread
from tests.nightly.thresholds.fault_observer import PATIENCE_S, Outcome
from tests.nightly.thresholds.fault_questions import Question

from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.abc import CallInfo, hookimpl
from ossicle.errors import OssicleError
from ossicle.messages import AudioDelta, Receipt, Reply
from ossicle.policy import RetryPolicy


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
            "options": {
                "profile": "openai",
                "read_timeout_s": PATIENCE_S,
                "connect_timeout_s": 0.5,
            },
            "settings": PipelineSettings(quality="off"),
            "retry": RetryPolicy(base_s=0.02, cap_s=0.1),
            "plugins": [self._books],
        }
        self._blocking = Client("openai", **arguments) if face == "blocking" else None
        self._async = AsyncClient("openai", **arguments) if face != "blocking" else None

    async def ask(self, question: Question) -> None:
        """Ask, and write down what came of it."""
        outcome = Outcome(question=question)
        outcome.began = time.monotonic()
        try:
            await self._ask(question, outcome)
        except OssicleError as error:
            outcome.error = error
        # What else leaves the API is what this bar is for.
        except Exception as error:  # noqa: BLE001
            outcome.error = error
        outcome.took_s = time.monotonic() - outcome.began
        outcome.receipts = self._books.receipts.pop(question.nonce, [])
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
