"""What a conversation used and cost in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from pydantic import Field

from ossicle.conversation.turn import Turn
from ossicle.messages import Usage, Value
from ossicle.messages.usage import add
from ossicle.telemetry import has_unknown_cost


class ConversationReceipt(Value):
    """The sum over all turns, failed ones included.

    Attributes:
        turns: How many by state.
        calls: To models, those of tool rounds, rebuilt history and fallbacks included.
        attempts: At providers.
        usage: As far as the vendors told.
        cost: Exact sums by currency, of what has a known price.
        unpriced: Calls that may have cost something which nobody knows.
        saved_s: Seconds of audio that were not sent because they held nothing.
        notes: Of all turns, each once.
    """

    turns: Mapping[str, int] = Field(default_factory=dict)
    calls: int = 0
    attempts: int = 0
    usage: Usage = Usage()
    cost: Mapping[str, Decimal] = Field(default_factory=dict)
    unpriced: int = 0
    saved_s: float = 0.0
    notes: tuple[str, ...] = ()


def sum_turns(turns: Iterable[Turn]) -> ConversationReceipt:
    """The totals of these turns."""
    all_turns = tuple(turns)
    receipts = [receipt for turn in all_turns for receipt in turn.receipts]
    states: dict[str, int] = {}
    for turn in all_turns:
        states[turn.state] = states.get(turn.state, 0) + 1
    cost: dict[str, Decimal] = {}
    for receipt in receipts:
        if receipt.cost is not None:
            known = cost.get(receipt.cost.currency, Decimal(0))
            cost[receipt.cost.currency] = add(known, receipt.cost.amount)
    return ConversationReceipt(
        turns=states,
        calls=len(receipts),
        attempts=sum(len(receipt.attempts) for receipt in receipts),
        usage=sum((turn.usage for turn in all_turns), Usage()),
        cost=cost,
        unpriced=sum(has_unknown_cost(receipt) for receipt in receipts),
        saved_s=sum(receipt.saved_s for receipt in receipts),
        notes=tuple(dict.fromkeys(note for turn in all_turns for note in turn.notes)),
    )
