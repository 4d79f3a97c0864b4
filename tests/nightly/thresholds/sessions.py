"""Long conversations with a vendor that forgets: `python -m tests.nightly.thresholds.sessions`.

Each turn may come after a random time, with a random clock skew, with a cut stream or another
fault, after the vendor lost all its audio ids, after a switch to another provider or back, or in a
new process. The fake vendor's own ledger is the judge. Prints one JSON line; exits 1 when a turn
was lost, a dead id was sent, a cut stream was taken for an answer, or the books differ.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import anyio
import numpy as np
from tests.core.conversation.worlds import SecondPlugin, Watched

from ossicle import AsyncClient, AsyncConversation, AudioClip, PipelineSettings, RetryPolicy
from ossicle.audio.format import AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.conversation import HistoryPolicy, Turn
from ossicle.conversation.stream import REBUILT
from ossicle.errors import AudioReferenceNotFoundError, OssicleError
from ossicle.policy import SystemClock
from ossicle.storage import MemoryStore
from ossicle_testing.vendors import Fault, FaultKind
from ossicle_testing.vendors.clock import ManualClock
from ossicle_testing.vendors.http import Request
from ossicle_testing.vendors.openai import FakeOpenAI

MODEL = "openai:gpt-audio-1.5"
OTHER = "second:chat"
CUTS = (
    FaultKind.STREAM_NO_END,
    FaultKind.STREAM_CUT_IN_BASE64,
    FaultKind.STREAM_ERROR_EVENT,
    FaultKind.TRUNCATED_CHUNKED,
)
ANSWER = "That is a good question, and the answer to it is not hard to find at all."
QUESTION = "What is it that you would like to know about this, and why is that of any use?"
SHARDS = 8
"""Parts of a run, so that its figures do not depend on how many processes share them."""

OTHERS = (FaultKind.STATUS_429, FaultKind.STATUS_500, FaultKind.RESET_AFTER_UPLOAD)


class SkewedClock(SystemClock):
    """This machine's clock: the vendor's, off by some seconds."""

    def __init__(self, vendor: ManualClock) -> None:
        self._vendor = vendor
        self.skew_s = 0.0

    def wall(self) -> float:
        return self._vendor() - self.skew_s


@dataclass(slots=True)
class Figures:
    """What happened."""

    conversations: int = 0
    turns: int = 0
    continued: int = 0
    lost: int = 0
    switches: int = 0
    reopened: int = 0
    expiries: int = 0
    forgotten: int = 0
    rebuilt: int = 0
    extra_calls: int = 0
    most_extra_calls: int = 0
    written_down: int = 0
    hidden_refusals: int = 0
    dead_ids_sent: int = 0
    cut_streams: int = 0
    cut_streams_accepted: int = 0
    other_faults: int = 0
    cost_ours: Decimal = Decimal(0)
    estimated: int = 0
    billed: int = 0
    worst_estimate: float = 0.0
    problems: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Take in what happened elsewhere."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            is_most = name in ("worst_estimate", "most_extra_calls")
            setattr(self, name, max(mine, theirs) if is_most else mine + theirs)


class NextFault:
    """Strikes the next chat request once."""

    def __init__(self) -> None:
        self.fault: Fault | None = None

    def __call__(self, request: Request) -> Fault | None:
        if not request.path.endswith("/chat/completions"):
            return None
        fault, self.fault = self.fault, None
        return fault


def tone(seconds: float) -> AudioClip:
    """A tone of this length as a WAV file at 8 kHz."""
    frames = int(seconds * 8000)
    form = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=8000, channels=1)
    samples = (np.sin(np.arange(frames) * 0.1) * 8000).astype("<i2")
    return AudioClip.from_bytes(wav_header(form, frames) + samples.tobytes())


CLIPS = tuple(tone(2.0 + 0.57 * number) for number in range(8))


class Sessions:
    """Plays conversations against one fake vendor."""

    def __init__(self, *, seed: int) -> None:
        self.figures = Figures()
        self._random = Random(seed)
        self._time = ManualClock()
        self._clock = SkewedClock(self._time)
        self._faults = NextFault()
        self._store = MemoryStore()
        self._second = Watched(name="second", clock=self._time)
        self._vendor = FakeOpenAI(
            clock=self._time, schedule=self._faults, chat_model=lambda turns: ANSWER,
            ear=lambda samples, rate: "words",
        )  # fmt: skip

    async def play(self, n_conversations: int, n_turns: int) -> Figures:
        """Play all, then compare the books."""
        with self._vendor as vendor:
            client = AsyncClient(
                MODEL,
                api_key="sk-fake",
                base_url=vendor.base_url,
                clock=self._clock,
                store=self._store,
                retry=RetryPolicy(attempts=1),
                settings=PipelineSettings(quality="off"),
                plugins=(SecondPlugin(self._second),),
            )
            async with client:
                for number in range(n_conversations):
                    await self._conversation(client, f"c{number}", n_turns)
            vendor.ledger.wait_idle()
            self._compare()
        return self.figures

    async def _conversation(self, client: AsyncClient, name: str, n_turns: int) -> None:
        self._clock.skew_s = self._random.uniform(-600.0, 600.0)
        talk = client.conversation(id=name)
        for _ in range(n_turns):
            talk = await self._disturb(client, talk)
            await self._turn(talk)
        self._account(talk.turns)
        self.figures.conversations += 1
        await client.conversations.delete(name)

    async def _disturb(self, client: AsyncClient, talk: AsyncConversation) -> AsyncConversation:
        draw, figures = self._random, self.figures
        had = talk.report.references if talk.report is not None else 0
        self._time.advance(
            draw.choice(
                [0.0, draw.uniform(0, 900), draw.uniform(3300, 3700), draw.uniform(0, 9000)]
            )
        )
        figures.expiries += had
        if draw.random() < 0.05:
            self._vendor.forget()
            figures.forgotten += 1
        if draw.random() < 0.1:
            await talk.switch(draw.choice([MODEL, OTHER]))
            figures.switches += 1
        if talk.turns and draw.random() < 0.05:
            # Another process, perhaps on another machine: nothing is known of clocks.
            self._clock.skew_s = draw.uniform(-600.0, 600.0)
            talk = await client.conversations.open(talk.id)
            figures.reopened += 1
        return talk

    async def _turn(self, talk: AsyncConversation) -> None:
        draw, figures = self._random, self.figures
        kind: FaultKind | None = None
        streams = draw.random() < 0.5
        if draw.random() < 0.15:
            kind = draw.choice(CUTS if streams else OTHERS)
            self._faults.fault = Fault(kind=kind)
        audio = draw.choice(CLIPS) if draw.random() < 0.6 else None
        for attempt in range(3):
            is_struck = self._faults.fault is not None
            try:
                if streams:
                    async with talk.stream("go on", audio=audio) as stream:
                        await stream.collect()
                else:
                    await talk.send("go on", audio=audio)
            except OssicleError as error:
                if kind is None or attempt == 2:
                    figures.problems.append(f"{talk.id}: {error.code}")
                    continue
            else:
                was_struck = is_struck and self._faults.fault is None
                accepted = was_struck and kind in CUTS and REBUILT not in talk.turns[-1].notes
                if accepted:
                    figures.problems.append(f"{talk.id}: {kind} was taken for an answer")
                figures.cut_streams_accepted += accepted
                break
            figures.cut_streams += kind in CUTS
            figures.other_faults += kind in OTHERS
        self._faults.fault = None
        figures.turns += 1
        figures.lost += talk.turns[-1].state != "committed"
        figures.continued += talk.turns[-1].state == "committed"

    def _account(self, turns: Sequence[Turn]) -> None:
        figures = self.figures
        estimated = billed = 0
        for turn in turns:
            figures.rebuilt += REBUILT in turn.notes
            refused = [
                attempt
                for receipt in turn.receipts
                for attempt in receipt.attempts
                if attempt.error == AudioReferenceNotFoundError.code
            ]
            figures.extra_calls += len(refused)
            figures.most_extra_calls = max(figures.most_extra_calls, len(refused))
            for receipt in turn.receipts:
                figures.written_down += (
                    receipt.task == "transcribe" and receipt.provider == "openai"
                )
                settled = [one.outcome for one in receipt.attempts] == ["settled"]
                if receipt.provider != "openai" or not settled or receipt.usage is None:
                    continue
                # A transcription is billed by the exact second and told in whole ones.
                if receipt.cost is not None and receipt.task == "respond":
                    figures.cost_ours += receipt.cost.amount
                if receipt.usage.input_audio_tokens is not None and receipt.estimate is not None:
                    billed += receipt.usage.input_audio_tokens
                    estimated += receipt.estimate.input_audio_tokens or 0
        figures.estimated += estimated
        figures.billed += billed
        if billed:
            off = abs(estimated / billed - 1)
            figures.worst_estimate = max(figures.worst_estimate, off)

    def _compare(self) -> None:
        figures, entries = self.figures, self._vendor.ledger.entries
        refused = sum(entry.status == 400 for entry in entries)
        # The vendor answers 400 to an id it does not know, forgotten ones included; those nobody
        # can foresee, but each shall have been rebuilt, unless a fault hid that answer.
        hidden = sum(entry.status == 400 and entry.fault is not None for entry in entries)
        if refused - hidden != figures.rebuilt:
            figures.problems.append(
                f"{refused} refused, {hidden} hidden, {figures.rebuilt} rebuilt"
            )
        figures.hidden_refusals = hidden
        figures.dead_ids_sent = self._vendor.expired_ids + self._second.unknown_ids
        if figures.rebuilt > figures.forgotten:
            figures.problems.append("more rebuilt than forgotten")
        billed = [entry for entry in entries if entry.fault is None and entry.status == 200]
        chats = [entry for entry in billed if entry.path.endswith("/chat/completions")]
        told = sum((entry.bill.amount for entry in chats), Decimal(0))
        if len(billed) - len(chats) != figures.written_down:
            figures.problems.append("the vendor wrote down more or less than we know of")
        if told != figures.cost_ours:
            figures.problems.append(f"the vendor's books say {told}")


async def voice_turns(n_turns: int, policy: HistoryPolicy) -> Decimal:
    """What spoken turns cost by the vendor's ledger."""
    with FakeOpenAI(chat_model=lambda turns: ANSWER, ear=lambda samples, rate: QUESTION) as vendor:
        client = AsyncClient(
            MODEL,
            api_key="sk-fake",
            base_url=vendor.base_url,
            settings=PipelineSettings(quality="off"),
        )
        async with client:
            talk = client.conversation(history_policy=policy)
            for _ in range(n_turns):
                await talk.send(audio=tone(6.0))
        vendor.ledger.wait_idle()
        return vendor.ledger.total.amount


async def of_naive(n_turns: int) -> dict[str, float]:
    """What spoken turns cost under some policies, as parts of sending everything again."""
    naive = HistoryPolicy(max_tokens=None, audio_turns=None, transcriber=None)
    everything = await voice_turns(n_turns, naive)
    policies = {
        "default": HistoryPolicy(),
        "not_written_down": HistoryPolicy(transcriber=None),
        "voice_turns_8": HistoryPolicy(voice_turns=8),
    }
    return {
        name: round(float(await voice_turns(n_turns, policy) / everything), 3)
        for name, policy in policies.items()
    }


def play_shard(seed: int, n_conversations: int, n_turns: int) -> Figures:
    """A part of the conversations, in a process of its own."""
    return anyio.run(Sessions(seed=seed).play, n_conversations, n_turns)


def play(arguments: argparse.Namespace) -> Figures:
    """All conversations, spread over processes; the same figures for the same seed and spread."""
    if arguments.workers == 1:
        return play_shard(arguments.seed, arguments.conversations, arguments.turns)
    shares = [len(range(n, arguments.conversations, SHARDS)) for n in range(SHARDS)]
    figures = Figures()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.workers, mp_context=context) as pool:
        seeds = [arguments.seed * SHARDS + number for number in range(SHARDS)]
        for part in pool.map(play_shard, seeds, shares, [arguments.turns] * SHARDS):
            figures.add(part)
    return figures


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Everything, as one record."""
    began = time.monotonic()
    figures = play(arguments)
    record: dict[str, object] = {
        name: getattr(figures, name) for name in Figures.__slots__ if name != "problems"
    }
    # Over all conversations; a single short one may be off by more, see `worst_estimate`.
    record["estimate_off"] = round(abs(figures.estimated / max(figures.billed, 1) - 1), 4)
    record["worst_estimate"] = round(figures.worst_estimate, 4)
    for n_turns in arguments.money:
        record[f"{n_turns}_voice_turns_of_naive"] = anyio.run(of_naive, n_turns)
    record["seconds"] = round(time.monotonic() - began, 1)
    record["problems"] = figures.problems[:10]
    return record


def passed(record: dict[str, object]) -> bool:
    """Whether every bar was met."""
    nought = ("lost", "dead_ids_sent", "cut_streams_accepted")
    return (
        all(record[name] == 0 for name in nought)
        and not record["problems"]
        and record["continued"] == record["turns"]
        and int(str(record["most_extra_calls"])) <= 1
        and float(str(record["estimate_off"])) <= 0.02
    )


def main() -> int:
    """0 when every bar was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--money", type=int, nargs="*", default=[10, 20, 40])
    record = run(parser.parse_args())
    line = {"bar": "sessions", "passed": passed(record), **record}
    print(json.dumps(line, default=str))  # noqa: T201 - a command's output
    return 0 if passed(record) else 1


if __name__ == "__main__":
    sys.exit(main())
