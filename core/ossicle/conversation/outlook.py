"""The history for one call: planned, with missing words written down and old turns summed up."""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.abc import Capabilities
from ossicle.conversation.history_policy import HistoryPlan, Summary
from ossicle.conversation.line import Line
from ossicle.conversation.notebook import Notebook, Summarizer
from ossicle.conversation.planner import plan_history
from ossicle.conversation.turn import Turn
from ossicle.messages import AudioPart, Message, Receipt
from ossicle.pipeline import Draft
from ossicle.pipeline.history import SAFETY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Plans the history of a conversation.

    Attributes:
        notebook: The conversation.
        line: To models.
        summarize: The application's, or `None`.
    """

    notebook: Notebook
    line: Line
    summarize: Summarizer | None = None

    def plan(
        self, capabilities: Capabilities, *, current: Turn | None, speaks: bool, timeout_s: float
    ) -> HistoryPlan:
        """What the model is told now; audio ids outlive a call of this length."""
        clock = self.line.clock
        turns = [turn for turn in self.notebook.turns if current is None or turn.id != current.id]
        return plan_history(
            turns,
            capabilities,
            now_s=clock.wall(),
            skew_s=self.notebook.skew_s(capabilities.provider, clock),
            margin_s=SAFETY_S + timeout_s,
            policy=self.notebook.policy,
            current=current,
            speaks=speaks,
            summary=self.notebook.summary,
        )

    async def settle(
        self, capabilities: Capabilities, *, current: Turn, speaks: bool, timeout_s: float
    ) -> tuple[HistoryPlan, tuple[Receipt, ...]]:
        """The plan once words are known and summaries made, and what finding them took.

        Raises:
            OssicleError: The transcriber failed.
        """

        def plan() -> HistoryPlan:
            return self.plan(capabilities, current=current, speaks=speaks, timeout_s=timeout_s)

        found, receipts = plan(), []
        if self.notebook.policy.transcriber is not None and found.report.wants_transcript:
            for turn_id in found.report.wants_transcript:
                receipts += await self._write_down(turn_id, timeout_s)
            found = plan()
        if self.summarize is not None and found.report.dropped:
            await self._sum_up(self.summarize, found.report.dropped)
            found = plan()
        return found, tuple(receipts)

    async def _write_down(self, turn_id: str, timeout_s: float) -> list[Receipt]:
        turn = next(turn for turn in self.notebook.turns if turn.id == turn_id)
        receipts: list[Receipt] = []
        words: list[str | None] = []
        for part in turn.user.parts:
            if not isinstance(part, AudioPart) or part.transcript is not None:
                continue
            draft = Draft(
                task="transcribe",
                messages=(Message(role="user", parts=(part,)),),
                output=frozenset({"text"}),
            )
            call = self.line.call(
                draft,
                reference=self.notebook.policy.transcriber,
                conversation_id=self.notebook.id,
                timeout_s=timeout_s,
            )
            async with call:
                reply = await call.collect()
            words.append(reply.text)
            receipts += [reply.receipt] if reply.receipt is not None else []
        self.notebook.put(turn.with_transcripts(tuple(words)))
        return receipts

    async def _sum_up(self, summarize: Summarizer, dropped: tuple[str, ...]) -> None:
        summary = self.notebook.summary
        leaving = tuple(turn for turn in self.notebook.turns if turn.id in dropped)
        text = await summarize(None if summary is None else summary.text, leaving)
        known = () if summary is None else summary.turn_ids
        self.notebook.summary = Summary(text=text, turn_ids=(*known, *dropped))
