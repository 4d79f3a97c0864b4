"""Everything that a conversation remembers."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ossicle.conversation.history_policy import HistoryPolicy, HistoryReport, Summary
from ossicle.conversation.retention import RetentionPolicy
from ossicle.conversation.turn import Turn
from ossicle.errors import ConfigurationError
from ossicle.messages import Message
from ossicle.pipeline.prepared_call import MAX_SKEW_S
from ossicle.policy import Clock
from ossicle.storage.validation import check_names

Summarizer = Callable[[str | None, tuple[Turn, ...]], Awaitable[str]]
"""Makes a summary: the one so far and the turns that leave the history in, the new one out."""


def new_id() -> str:
    """An id for a new conversation."""
    return f"conversation_{secrets.token_hex(8)}"


@dataclass(slots=True, kw_only=True)
class ConversationState:
    """The state of a conversation; changed by one turn at a time.

    Attributes:
        id: Of the conversation.
        instructions: How the model shall behave.
        references: Models to ask, the first one first; `None` is the client's own.
        policy: Of the history.
        retention: What of it may be written down.
        turns: All, oldest first.
        summary: Stands for the oldest turns, or `None`.
        clocks: What is known of the vendors' clocks, by provider; never stored.
        report: What became of the history on the last call.

    Raises:
        ConfigurationError: The id is not 1 to 256 bytes of text.
    """

    id: str = field(default_factory=new_id)
    instructions: str | None = None
    references: tuple[str | None, ...] = (None,)
    policy: HistoryPolicy = field(default_factory=HistoryPolicy)
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    turns: list[Turn] = field(default_factory=list)
    summary: Summary | None = None
    clocks: dict[str, ServerClock] = field(default_factory=dict)
    report: HistoryReport | None = None

    def __post_init__(self) -> None:
        # Refused when it is made, not when it is first kept or comes to another machine.
        check_names(conversation_id=self.id)

    def begin(self, user: Message) -> Turn:
        """A new turn under way."""
        turn = Turn(id=f"turn_{secrets.token_hex(8)}", messages=(user,))
        self.turns.append(turn)
        return turn

    def put(self, turn: Turn) -> int:
        """Replace the turn of the same id; returns its place."""
        index = next(i for i, known in enumerate(self.turns) if known.id == turn.id)
        self.turns[index] = turn
        return index

    def take_back(self) -> Turn:
        """Remove the last turn.

        Raises:
            ConfigurationError: There is none.
        """
        if not self.turns:
            raise ConfigurationError("there is no turn to take back", fix="Say something first.")
        turn = self.turns.pop()
        if self.summary is not None and turn.id in self.summary.turn_ids:
            self.summary = None
        return turn

    def up_to(self, turn_id: str | None) -> ConversationState:
        """A copy under a new id with the turns up to and including one; `None`: all.

        Raises:
            ConfigurationError: There is no such turn.
        """
        ids = [turn.id for turn in self.turns]
        if turn_id is not None and turn_id not in ids:
            raise ConfigurationError(
                f"there is no turn {turn_id!r}", fix="Use the id of one of `turns`."
            )
        kept = self.turns[: len(ids) if turn_id is None else ids.index(turn_id) + 1]
        summary = self.summary
        if summary is not None and not set(summary.turn_ids) <= {turn.id for turn in kept}:
            summary = None
        return ConversationState(
            instructions=self.instructions,
            references=self.references,
            policy=self.policy,
            retention=self.retention,
            turns=[turn for turn in kept if turn.state != "pending"],
            summary=summary,
            clocks=dict(self.clocks),
        )

    def hear_clock(self, provider: str, server_time_s: float, clock: Clock) -> None:
        """Note what a vendor's clock says just now."""
        self.clocks[provider] = ServerClock.seen(
            server_time_s, wall_s=clock.wall(), monotonic_s=clock.monotonic()
        )

    def skew_s(self, provider: str, clock: Clock) -> float | None:
        """Seconds by which a vendor's clock is ahead of ours now; `None`: not known."""
        known = self.clocks.get(provider)
        if known is None:
            return None
        return known.skew_now_s(wall_s=clock.wall(), monotonic_s=clock.monotonic())

    def forget_references(self, provider: str) -> None:
        """Use no audio id of a provider again."""
        self.turns = [turn.without_references(provider) for turn in self.turns]


@dataclass(slots=True)
class ServerClock:
    """What one vendor's clock says, as far as its answers told.

    Both of our clocks are asked and the later result counts: the wall clock may be set back, and
    the monotonic one stands still while the machine sleeps.

    Attributes:
        skew_s: Seconds by which the vendor's clock was ahead of the wall clock.
        ahead_s: Seconds by which it was ahead of the monotonic clock.
    """

    skew_s: float
    ahead_s: float

    @classmethod
    def seen(cls, server_time_s: float, *, wall_s: float, monotonic_s: float) -> ServerClock:
        """What an answer that came just now tells."""
        return cls(skew_s=server_time_s - wall_s, ahead_s=server_time_s - monotonic_s)

    def skew_now_s(self, *, wall_s: float, monotonic_s: float) -> float | None:
        """Seconds by which the vendor's clock is ahead of the wall clock now, at most.

        `None`: what was seen is no clock. One that is behind by more than clocks are is a date that
        a proxy kept, and to believe it would bring the dead back to life.
        """
        found = max(self.skew_s, monotonic_s + self.ahead_s - wall_s)
        return None if found < -MAX_SKEW_S else found
