"""The history planner: a pure function from turns, capabilities, time and policy to messages.

Order of preference for a spoken answer: its audio id while that surely lives; then its words, in
the form that `HistoryPolicy.lost_voice` says; then the sound itself, as audio that the model is
shown. For what the user said: the audio of the newest turns; then its words; then a remark that
there was something. Over the budget, audio with known words gives way first, oldest first, and
then whole turns, oldest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ossicle.abc import Capabilities
from ossicle.conversation.history_policy import (
    HistoryChange,
    HistoryPlan,
    HistoryPolicy,
    HistoryReport,
    Summary,
)
from ossicle.conversation.prompts import summary_of
from ossicle.conversation.turn import Turn
from ossicle.conversation.turn_rendering import RenderedTurn
from ossicle.messages import Message, TextPart
from ossicle.pipeline.prepared_call import Liveness
from ossicle.policy import estimate_tokens

_CONTEXT_SHARE = 0.75
"""The part of a model's context that history may fill; the rest is for the turn and its answer."""


def plan_history(
    turns: Sequence[Turn],
    capabilities: Capabilities,
    *,
    now_s: float,
    skew_s: float | None = None,
    left_s: float = 0.0,
    policy: HistoryPolicy | None = None,
    current: Turn | None = None,
    speaks: bool = True,
    summary: Summary | None = None,
) -> HistoryPlan:
    """What a model is told of a conversation.

    No audio id is in it that could be dead by the vendor's clock before the call is over.

    Args:
        turns: All turns, oldest first; those that are not committed are passed over.
        capabilities: Of the model.
        now_s: Unix seconds by this machine's clock.
        skew_s: Seconds by which the vendor's clock is ahead of ours; `None`: not known, and the
            worst of ±600 s is assumed.
        left_s: Seconds that the call may take, pauses and repeats included.
        policy: `None`: the defaults.
        current: The turn under way, told in full after the history.
        speaks: Whether the model shall speak.
        summary: Stands for the turns it names.
    """
    policy = policy or HistoryPolicy()
    liveness = Liveness(capabilities, now_s=now_s, skew_s=skew_s, left_s=left_s)
    told = set(summary.turn_ids) if summary is not None else set()
    forms = [
        RenderedTurn(turn, capabilities, liveness, policy=policy, speaks=speaks)
        for turn in turns
        if turn.state == "committed" and turn.id not in told
    ]
    full_tokens = sum(form.full_tokens for form in forms)
    newest = None
    if current is not None:
        newest = RenderedTurn(
            current, capabilities, liveness, policy=policy, speaks=speaks, is_current=True
        )
    head = _head(summary)
    budget = _Budget(forms, policy, capabilities, fixed=_tokens_of(head))
    budget.let_audio_go(newest)
    budget.fit()
    kept = forms[budget.n_dropped :]
    messages = [*head, *(message for form in kept for message in form.messages())]
    if newest is not None:
        messages += newest.messages()
    return HistoryPlan(
        messages=tuple(messages),
        report=HistoryReport(
            provider=capabilities.provider,
            model=capabilities.model,
            tokens=budget.tokens,
            full_tokens=full_tokens,
            references=sum(form.n_references for form in kept),
            changes=(*budget.dropped(), *(change for form in kept for change in form.changes())),
            wants_transcript=tuple(budget.wants_transcript),
        ),
    )


def _head(summary: Summary | None) -> list[Message]:
    if summary is None:
        return []
    return [Message(role="user", parts=(TextPart(text=summary_of(summary.text)),))]


def _tokens_of(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(message.text) for message in messages)


@dataclass(slots=True)
class _Budget:
    """Makes room, oldest first; every turn is looked at once for each bound.

    Attributes:
        tokens: Of what is left, once `fit` was called.
    """

    forms: list[RenderedTurn]
    policy: HistoryPolicy
    capabilities: Capabilities
    fixed: int
    n_dropped: int = 0
    tokens: int = 0
    wants: dict[str, None] = field(default_factory=dict)

    @property
    def wants_transcript(self) -> list[str]:
        return list(self.wants)

    def let_audio_go(self, newest: RenderedTurn | None) -> None:
        """Audio beyond the newest turns, and beyond as many clips as the model takes."""
        if self.policy.audio_turns is not None:
            for form in self.forms[: max(0, len(self.forms) - self.policy.audio_turns)]:
                self._transcribe(form, "only the newest turns are sent as audio")
        if self.policy.voice_turns is not None:
            for form in self.forms[: max(0, len(self.forms) - self.policy.voice_turns)]:
                form.let_voice_go("only the newest answers are named by audio ids")
        accepted = self.capabilities.audio_input
        if accepted is None or accepted.max_clips is None:
            return
        room = accepted.max_clips - (0 if newest is None else newest.n_clips)
        reason = f"the model takes {accepted.max_clips} clips"
        n_clips = sum(form.n_clips for form in self.forms)
        for form in self.forms:
            if n_clips <= room:
                return
            elsewhere = n_clips - form.n_clips
            self._transcribe(form, reason)
            if form.n_clips and elsewhere + form.n_clips > room:
                form.lose_audio(reason)
            n_clips = elsewhere + form.n_clips

    def fit(self) -> None:
        """Down to the budget."""
        allowed = self._allowed()
        self.tokens = self.fixed + sum(form.tokens for form in self.forms)
        if allowed is None:
            return
        for form in self.forms:
            if self.tokens <= allowed:
                return
            elsewhere = self.tokens - form.tokens
            self._transcribe(form, f"the history budget is {allowed} tokens")
            self.tokens = elsewhere + form.tokens
        for form in self.forms:
            if self.tokens <= allowed:
                return
            self.tokens -= form.tokens
            self.n_dropped += 1

    def dropped(self) -> list[HistoryChange]:
        return [
            HistoryChange(
                turn_id=form.turn.id,
                kind="dropped",
                reason=f"the history budget is {self._allowed()} tokens",
            )
            for form in self.forms[: self.n_dropped]
        ]

    def _transcribe(self, form: RenderedTurn, reason: str) -> None:
        if not form.transcribe(reason) and form.lacks_words:
            self.wants[form.turn.id] = None

    def _allowed(self) -> int | None:
        context = self.capabilities.context_tokens
        bounds = [] if context is None else [int(context * _CONTEXT_SHARE)]
        if self.policy.max_tokens is not None:
            bounds.append(self.policy.max_tokens)
        return min(bounds, default=None)
