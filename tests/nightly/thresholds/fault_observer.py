"""Compares three ledgers: the vendor's, the receipts', and what the caller got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

from tests.nightly.thresholds.fault_questions import Question

from ossicle.errors import (
    AmbiguousOutcomeError,
    DeadlineExceededError,
    OssicleError,
    StreamIncompleteError,
)
from ossicle.messages import Receipt, Reply
from ossicle_testing.vendors import FaultKind, LedgerEntry
from ossicle_testing.vendors.tones import tone_ear

SLACK_S = 0.25
"""How much later than its deadline a call may end (reliability study, section 3.3)."""

PATIENCE_S = 1.0
"""Longest silence on a socket."""

State = Literal["committed", "failed", "ambiguous", "late", "left"]
_K = FaultKind
_ORDER_LOST = frozenset({_K.STREAM_DUPLICATE, _K.STREAM_OUT_OF_ORDER})
_USAGE_SPOILED = frozenset({_K.USAGE_MISSING, _K.USAGE_NEGATIVE, _K.USAGE_NAN, _K.USAGE_STRING,
                            _K.USAGE_HUGE, _K.STREAM_NO_END})  # fmt: skip


@dataclass(kw_only=True)
class Outcome:
    """How one call ended for its caller.

    Attributes:
        question: What was asked.
        reply: The answer, or `None`.
        error: What it ended with instead, of any type, or `None`.
        was_left: Whether the caller left early or cancelled, and so got neither.
        receipts: What the framework booked; one if the call was begun, else none.
        took_s: From call to end.
        began: When that was, by `time.monotonic`.
        stalled_s: For how much of that the machine ran nothing, as another process saw it.
        loop_stalled_s: For how much of that the loop ran nothing. The vendor shares its
            interpreter, so that this is not always the product's doing.
        words: What the answer's audio says; `None` without audio.
    """

    question: Question
    reply: Reply | None = None
    error: BaseException | None = None
    was_left: bool = False
    receipts: list[Receipt | None] = field(default_factory=list)
    took_s: float = 0.0
    began: float = 0.0
    stalled_s: float = 0.0
    loop_stalled_s: float = 0.0
    words: str | None = None

    @property
    def states(self) -> list[State]:
        """The final states this call is in; exactly one if all is well."""
        found: list[State] = ["left"] if self.was_left else []
        if self.reply is not None:
            found.append("committed")
        match self.error:
            case None:
                pass
            case DeadlineExceededError():
                found.append("late")
            case AmbiguousOutcomeError() | StreamIncompleteError():
                found.append("ambiguous")
            case _:
                found.append("failed")
        return found


@dataclass(kw_only=True)
class Verdict:
    """What was found wrong, each with the nonces of the calls.

    Attributes:
        executed_twice: Paid twice under the default policy.
        lost: In no or two final states, or answered well and not delivered.
        unbooked: Executed, and no receipt allows for it; or more requests than attempts.
        silently_wrong: A reply that is not what the vendor said.
        misbilled: A receipt whose tokens are not the vendor's.
        foreign: Exceptions that are no `OssicleError`.
        past_deadline: Ended later than the deadline and the slack.
        unorderable: Replies whose events the vendor itself sent twice or in another order, which
            its wire cannot show; delivered as they came. Not a violation.
        stalled: Ended late by no more than this machine stood still, as a process that does
            nothing else saw it. Not a violation.
        loop_stalled: Ended late by no more than the loop stood still, though the machine did not.
            The vendor runs in the same interpreter, so this is told apart and is no violation.
        states: How many calls ended in which state.
        errors: How many calls ended in which error.
        faults: How often each kind struck.
    """

    executed_twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unbooked: list[str] = field(default_factory=list)
    silently_wrong: list[str] = field(default_factory=list)
    misbilled: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    past_deadline: list[str] = field(default_factory=list)
    unorderable: list[str] = field(default_factory=list)
    stalled: list[str] = field(default_factory=list)
    loop_stalled: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    faults: Counter[FaultKind] = field(default_factory=Counter)

    VIOLATIONS: ClassVar = (
        "executed_twice", "lost", "unbooked", "silently_wrong", "misbilled", "foreign",
        "past_deadline",
    )  # fmt: skip

    @property
    def is_clean(self) -> bool:
        """Whether nothing was violated."""
        return not any(getattr(self, name) for name in self.VIOLATIONS)

    def judge(self, outcome: Outcome, entries: Sequence[LedgerEntry]) -> None:
        """Take one call, and all that the vendor saw of it."""
        nonce = outcome.question.nonce
        self.faults.update(entry.fault for entry in entries if entry.fault is not None)
        states = outcome.states
        self.states.update(states)
        if len([entry for entry in entries if entry.executed]) > 1:
            self.executed_twice.append(nonce)
        if len(states) != 1 or _is_thrown_away(outcome, entries):
            self.lost.append(nonce)
        if not _is_booked(outcome, entries):
            self.unbooked.append(nonce)
        if isinstance(outcome.error, OssicleError):
            self.errors[outcome.error.code] += 1
        elif outcome.error is not None:
            self.foreign.append(f"{nonce} {type(outcome.error).__name__}")
        late_s = outcome.took_s - outcome.question.timeout_s
        if late_s > SLACK_S:
            self._late_list(outcome, late_s).append(f"{nonce} {late_s:.2f}")
        if outcome.reply is not None:
            self._judge_reply(outcome, outcome.reply, entries)

    def _late_list(self, outcome: Outcome, late_s: float) -> list[str]:
        if late_s - outcome.stalled_s <= SLACK_S:
            return self.stalled
        return self.loop_stalled if late_s - outcome.loop_stalled_s <= SLACK_S else (
            self.past_deadline
        )  # fmt: skip

    def add(self, other: Verdict) -> None:
        """Take all that another run found."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            mine.update(theirs) if isinstance(mine, Counter) else mine.extend(theirs)

    def _judge_reply(self, outcome: Outcome, reply: Reply, entries: Sequence[LedgerEntry]) -> None:
        question, nonce = outcome.question, outcome.question.nonce
        executed = [entry for entry in entries if entry.executed]
        if len(executed) != 1:
            self.silently_wrong.append(f"{nonce} of nothing")
            return
        fault = executed[0].fault
        if not _is_right(question, outcome, reply, fault):
            is_spared = fault in _ORDER_LOST
            (self.unorderable if is_spared else self.silently_wrong).append(f"{nonce} {fault}")
        told = reply.usage.output_tokens
        if fault not in _USAGE_SPOILED and told not in (None, executed[0].bill.output_tokens):
            self.misbilled.append(f"{nonce} {fault}")


def _is_thrown_away(outcome: Outcome, entries: Sequence[LedgerEntry]) -> bool:
    """Whether an answer that was executed and came whole and in time was not delivered."""
    if outcome.reply is not None or outcome.was_left or "late" in outcome.states:
        return False
    attempts = outcome.receipts[0].attempts if outcome.receipts and outcome.receipts[0] else ()
    if attempts and attempts[-1].duration_s >= PATIENCE_S:
        return False  # this machine was so busy that the answer came too late for the socket
    return any(
        entry.executed and entry.fault is None and entry.status == 200 and not entry.aborted
        for entry in entries
    )


def _is_booked(outcome: Outcome, entries: Sequence[LedgerEntry]) -> bool:
    """Whether the receipt has an attempt for every request, and allows for every execution."""
    if not outcome.receipts:
        return not entries
    (receipt,) = outcome.receipts if len(outcome.receipts) == 1 else (None,)
    if receipt is None:
        return False
    attempts = receipt.attempts
    if len(attempts) < len(entries):
        return False
    is_executed = any(entry.executed for entry in entries)
    return not is_executed or any(one.outcome != "clean" for one in attempts)


def _is_right(question: Question, outcome: Outcome, reply: Reply, fault: FaultKind | None) -> bool:
    if fault is _K.REFUSAL and reply.refusal is not None:
        return reply.audio is None
    if fault is _K.OTHER_FORMAT and outcome.words == "":
        # The vendor said half a second of nothing in another format: told on the receipt.
        steps = () if reply.receipt is None or reply.receipt.output is None else (
            reply.receipt.output.steps
        )  # fmt: skip
        return any("came" in step.reason for step in steps)
    if fault is _K.HUGE_TOOL_CALL and question.endpoint == "chat" and not reply.tool_calls:
        return False
    if reply.receipt is not None and any("doubled" in note for note in reply.receipt.notes):
        return True  # wrong, and said so
    if question.wants_audio and outcome.words != question.expected:
        return False
    return question.endpoint == "speech" or reply.text.strip() == question.expected


def words_of(reply: Reply) -> str | None:
    """What the answer's audio says, by the ear that knows the vendor's voice; blocking."""
    if reply.audio is None:
        return None
    pcm = reply.audio.to_pcm()
    return tone_ear(pcm.samples.mean(axis=1), pcm.sample_rate)
