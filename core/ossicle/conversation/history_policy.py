"""How much of a conversation is told again on each turn, and a report of what that left out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ossicle.messages import Message, Value

LostVoice = Literal["told", "text"]
"""How a spoken answer is told once its audio id is dead. `told`: as a remark to the model in a
user message, so that no example of a written answer stands in the history. `text`: as the
assistant's own text."""


AUTO = "auto"
"""As `HistoryPolicy.transcriber`: whoever was given the audio already, where that pays."""


class HistoryPolicy(Value):
    """What is sent again on each turn.

    Attributes:
        max_tokens: Of the history, by our estimate; `None`: as much as the model's context
            allows.
        audio_turns: User audio of this many newest turns is sent again; that of older turns gives
            way to its transcript where that is known. `None`: all.
        voice_turns: Spoken answers of this many newest turns are named by their audio ids while
            those live; older ones are told in words. `None`: all.
        lost_voice: How a spoken answer without a live audio id is told to a model that knows such
            ids and shall speak.
        transcriber: Model that writes down user audio which has to give way and of which nobody
            told what it says, such as `local`. `auto`: the provider that was given that audio,
            where by the records' prices this costs less than sending the audio again. `None`:
            nobody; it is kept, or dropped with its turn.
        voice_fallback: Model that speaks an answer which came without its audio twice; `None`: the
            provider's own model for speech, if it has one.
        max_tool_rounds: How often the model may call tools within one turn.
    """

    max_tokens: int | None = Field(default=16_000, ge=0)
    audio_turns: int | None = Field(default=2, ge=0)
    voice_turns: int | None = Field(default=None, ge=0)
    lost_voice: LostVoice = "told"
    transcriber: str | None = AUTO
    voice_fallback: str | None = None
    max_tool_rounds: int = Field(default=8, ge=0)


ChangeKind = Literal["voice_lost", "transcribed", "audio_lost", "tools_told", "dropped"]
"""`voice_lost`: an answer is told in words. `transcribed`: user audio is told in words.
`audio_lost`: audio is left out and nobody knows its words. `tools_told`: tool calls are told in
words. `dropped`: the turn is left out, or stands in the summary."""


class HistoryChange(Value):
    """One thing that the model is told otherwise than it was.

    Attributes:
        turn_id: Of which turn.
        kind: What.
        reason: Why, in words.
    """

    turn_id: str
    kind: ChangeKind
    reason: str


class HistoryReport(Value):
    """What became of a history on its way to a model.

    Attributes:
        provider: Who is told.
        model: Which model.
        tokens: Of what is sent, by our estimate.
        full_tokens: Of everything sent in full on every turn, by the same estimate.
        references: How many answers are named by a live audio id.
        changes: What is told otherwise, oldest turn first.
        wants_transcript: Ids of turns whose audio would give way if its words were known.
        written_down: Ids of turns whose audio was written down for this call.
    """

    provider: str
    model: str
    tokens: int = 0
    full_tokens: int = 0
    references: int = 0
    changes: tuple[HistoryChange, ...] = ()
    wants_transcript: tuple[str, ...] = ()
    written_down: tuple[str, ...] = ()

    @property
    def dropped(self) -> tuple[str, ...]:
        """Ids of turns that are left out."""
        return tuple(change.turn_id for change in self.changes if change.kind == "dropped")

    @property
    def losses(self) -> tuple[str, ...]:
        """The changes in words, one line for each kind."""
        found: list[str] = []
        for kind in sorted({change.kind for change in self.changes}):
            of_kind = [change for change in self.changes if change.kind == kind]
            found.append(f"history: {len(of_kind)} × {kind.replace('_', ' ')}: {of_kind[0].reason}")
        if self.written_down:
            found.append(f"history: {len(self.written_down)} × written down for this call")
        return tuple(found)


class HistoryPlan(Value):
    """What is sent.

    Attributes:
        messages: History, oldest first, and the turn under way last.
        report: What became of it.
    """

    messages: tuple[Message, ...]
    report: HistoryReport


class Summary(Value):
    """What an application's summary says of the oldest turns.

    Attributes:
        text: The summary.
        turn_ids: The turns it stands for.
    """

    text: str
    turn_ids: tuple[str, ...]
