"""Writing down what the user said: by whom, when it pays, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import anyio

from ossicle.abc import Capabilities
from ossicle.conversation.history_policy import AUTO
from ossicle.conversation.model_backend import ModelBackend
from ossicle.conversation.outcome import is_clean
from ossicle.conversation.state import ConversationState
from ossicle.conversation.transcription_cost import expected_sends, is_worth_transcribing
from ossicle.conversation.turn import Turn
from ossicle.errors import OssicleError
from ossicle.messages import AudioPart, Message, Receipt
from ossicle.pipeline import CallRequest

_AT_ONCE = 4
_TRIES, _FAILURES = 2, 3
"""Of one clip, and of a transcriber in a row."""

_SHARE = 0.5
"""Of the time that is left to a turn: the rest is for its answer."""

_NO_WORDS = frozenset({"no_speech", "silence"})
"""Findings of sound in which a transcriber would only make words up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    turn: Turn
    transcriber: str
    language: str | None
    ends_s: float


@dataclass(slots=True, kw_only=True)
class HistoryTranscriber:
    """Has the words of user audio written down; failing never fails a turn.

    With `AUTO` a turn's audio goes only to a provider that was given it already, and only where
    that is cheaper than sending the audio again; or to one that runs on this machine, where the
    vendor cannot do it and the language is known to be one of its own.

    Attributes:
        state: The conversation.
        backend: To models.
        tries: How often each turn was tried.
        failures: Of each transcriber, in a row; one that has failed often, or said no for good,
            is not asked again.
    """

    state: ConversationState
    backend: ModelBackend
    tries: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    async def write_down(
        self,
        turn_ids: Sequence[str],
        asked: Capabilities,
        *,
        language: str | None,
        timeout_s: float,
        on_receipt: Callable[[Receipt], None],
    ) -> tuple[bool, tuple[str, ...]]:
        """Write down what can and should be; whether anybody was asked, and notes in words.

        Args:
            turn_ids: Turns whose audio has to give way.
            asked: The model that would be sent their audio again.
            language: That the user speaks, where the application says so.
            timeout_s: Left to the turn under way; half of it is for this.
            on_receipt: Told of each call as soon as it is over, one that was left included.
        """
        ends_s = self.backend.clock.monotonic() + timeout_s * _SHARE
        tasks = [
            _Task(turn=turn, transcriber=name, language=language, ends_s=ends_s)
            for turn in self.state.turns
            if turn.id in turn_ids and self.tries[turn.id] < _TRIES
            for name in self._choose(turn, asked, language)
        ]
        n_receipts = 0
        notes: dict[str, None] = {}
        limiter = anyio.CapacityLimiter(_AT_ONCE)

        def state(receipt: Receipt) -> None:
            nonlocal n_receipts
            n_receipts += 1
            on_receipt(receipt)

        async def work(task: _Task) -> None:
            async with limiter:
                if self._is_out(task.transcriber):
                    return
                try:
                    await self._write(task, state)
                except OssicleError as error:
                    self._note_failure(task, error)
                    notes[
                        f"history: {task.transcriber} did not write down what was said "
                        f"({error.code}): it goes as audio"
                    ] = None

        async with anyio.create_task_group() as group:
            for task in tasks:
                self.tries[task.turn.id] += 1
                group.start_soon(work, task)
        return n_receipts > 0, tuple(notes)

    def _note_failure(self, task: _Task, error: OssicleError) -> None:
        name = task.transcriber
        if not is_clean(error):
            # It may have been billed, and is not repeated.
            self.tries[task.turn.id] = _TRIES
        is_final = is_clean(error) and not error.retryable
        self.failures[name] = _FAILURES if is_final else self.failures[name] + 1

    def _is_out(self, name: str) -> bool:
        return self.failures[name] >= _FAILURES

    # Choosing

    def _choose(self, turn: Turn, asked: Capabilities, language: str | None) -> Iterator[str]:
        """The transcriber of a turn, or nothing."""
        policy = self.state.policy.transcriber
        if policy is None:
            return
        if policy != AUTO:
            if not self._is_out(policy):
                yield policy
            return
        if _is_wordless(turn):
            return
        durations_s = [part.clip.duration_s for part in _unwritten(turn)]
        n_committed = sum(one.state == "committed" for one in self.state.turns)
        for name in (*_hearers(turn), *self.backend.local_transcribers(language)):
            transcriber = self._record(name)
            if transcriber is None or self._is_out(name):
                continue
            if is_worth_transcribing(
                durations_s,
                asked=asked,
                transcriber=transcriber,
                n_sends=expected_sends(n_committed),
            ):
                yield name
                return

    def _record(self, name: str) -> Capabilities | None:
        try:
            found = self.backend.capabilities(name, "transcribe")
        except OssicleError:
            return None
        return found if "transcribe" in found.tasks else None

    # Writing

    async def _write(self, task: _Task, state: Callable[[Receipt], None]) -> None:
        words: list[str | None] = []
        for part in task.turn.user.parts:
            if not isinstance(part, AudioPart):
                continue
            if part.transcript is not None:
                words.append(None)
                continue
            wanted = CallRequest(
                task="transcribe",
                messages=(Message(role="user", parts=(part,)),),
                output=frozenset({"text"}),
                language=task.language,
            )
            left_s = task.ends_s - self.backend.clock.monotonic()
            if left_s <= 0:
                return
            call = self.backend.call(
                wanted,
                reference=task.transcriber,
                conversation_id=self.state.id,
                timeout_s=left_s,
            )
            receipt: Receipt | None = None
            try:
                async with call:
                    reply = await call.collect()
                receipt = reply.receipt
            except OssicleError as error:
                receipt = error.receipt
                raise
            finally:
                receipt = receipt or call.abandoned
                if receipt is not None:
                    state(receipt)
            # No words at all is an answer too: it stays audio, and nobody is asked again.
            words.append(reply.text or "")
        self.failures[task.transcriber] = 0
        self.state.put(task.turn.with_transcripts(tuple(words)))


def _unwritten(turn: Turn) -> list[AudioPart]:
    return [
        part for part in turn.user.parts if isinstance(part, AudioPart) and part.transcript is None
    ]


def _hearers(turn: Turn) -> tuple[str, ...]:
    """Providers that were given the audio of a turn, the last one first."""
    names = [
        receipt.provider
        for receipt in reversed(turn.receipts)
        if receipt.task == "respond" and any(one.outcome != "clean" for one in receipt.attempts)
    ]
    return tuple(dict.fromkeys(names))


def _is_wordless(turn: Turn) -> bool:
    """Whether the checks found something else than speech in its audio."""
    return any(
        finding.code in _NO_WORDS
        for receipt in turn.receipts
        for record in receipt.inputs
        for finding in record.findings
    )
