"""The history for one call: planned, with missing words written down and old turns summed up."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from anyio import to_thread

from ossicle.abc import Capabilities
from ossicle.conversation.history_policy import HistoryPlan, Summary
from ossicle.conversation.model_backend import ModelBackend
from ossicle.conversation.planner import plan_history
from ossicle.conversation.state import ConversationState, Summarizer
from ossicle.conversation.transcriber import HistoryTranscriber
from ossicle.conversation.turn import Turn
from ossicle.messages import Receipt

_APART_S = 1.0
"""Between a plan and the last look at its audio ids, when the request is made: what is refused only
there goes without the form that the plan would have chosen."""


_QUICK_TURNS, _QUICK_CHARACTERS = 50, 20_000
"""What is planned in a few milliseconds, on the loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltHistory:
    """A plan that is ready.

    Attributes:
        plan: What is sent.
        notes: What went wrong with writing down what was said.
    """

    plan: HistoryPlan
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBuilder:
    """Plans the history of a conversation.

    Attributes:
        state: The conversation.
        backend: To models.
        summarize: The application's, or `None`.
    """

    state: ConversationState
    backend: ModelBackend
    summarize: Summarizer | None = None
    _transcriber: HistoryTranscriber = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "_transcriber", HistoryTranscriber(state=self.state, backend=self.backend)
        )

    async def plan(
        self, capabilities: Capabilities, *, current: Turn | None, speaks: bool, deadline: float
    ) -> HistoryPlan:
        """What the model is told now; audio ids outlive a call that ends by then."""
        clock = self.backend.clock
        turns = [turn for turn in self.state.turns if current is None or turn.id != current.id]
        work = functools.partial(
            plan_history,
            turns,
            capabilities,
            now_s=clock.wall(),
            skew_s=self.state.skew_s(capabilities.provider, clock),
            left_s=deadline - clock.monotonic() + _APART_S,
            policy=self.state.policy,
            current=current,
            speaks=speaks,
            summary=self.state.summary,
        )
        return await to_thread.run_sync(work) if _is_long(turns) else work()

    async def settle(
        self,
        capabilities: Capabilities,
        *,
        current: Turn,
        speaks: bool,
        deadline: float,
        on_receipt: Callable[[Receipt], None],
        language: str | None = None,
    ) -> BuiltHistory:
        """The plan once words are known and summaries made.

        Words that cannot be had leave the audio in its place.

        Args:
            capabilities: Of the model that is asked.
            current: The turn under way.
            speaks: Whether the model shall speak.
            deadline: Of the turn, by the clock's `monotonic`.
            on_receipt: Told of each call that writes down what was said, as soon as it is over.
            language: That the user speaks, where the application says so.
        """

        async def plan() -> HistoryPlan:
            return await self.plan(capabilities, current=current, speaks=speaks, deadline=deadline)

        found = await plan()
        wanted = found.report.wants_transcript
        is_asked = False
        notes: tuple[str, ...] = ()
        if wanted and self.state.policy.transcriber is not None:
            is_asked, notes = await self._transcriber.write_down(
                wanted,
                capabilities,
                language=language,
                timeout_s=deadline - self.backend.clock.monotonic(),
                on_receipt=on_receipt,
            )
            found = await plan() if is_asked else found
        if self.summarize is not None and found.report.dropped:
            await self._sum_up(self.summarize, found.report.dropped)
            found = await plan()
        left = set(found.report.wants_transcript)
        written = tuple(one for one in wanted if one not in left) if is_asked else ()
        report = found.report.model_copy(update={"written_down": written})
        plan_made = found.model_copy(update={"report": report})
        return BuiltHistory(plan=plan_made, notes=notes)

    async def _sum_up(self, summarize: Summarizer, dropped: tuple[str, ...]) -> None:
        summary = self.state.summary
        leaving = tuple(turn for turn in self.state.turns if turn.id in dropped)
        text = await summarize(None if summary is None else summary.text, leaving)
        known = () if summary is None else summary.turn_ids
        self.state.summary = Summary(text=text, turn_ids=(*known, *dropped))


def _is_long(turns: Sequence[Turn]) -> bool:
    """Whether planning would stand in everybody's way."""
    if len(turns) > _QUICK_TURNS:
        return True
    messages = (message for turn in turns for message in turn.messages)
    return sum(len(message.text) for message in messages) > _QUICK_CHARACTERS
