"""What a call used and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Literal, get_args

from pydantic import NonNegativeFloat, NonNegativeInt

from ossicle.messages.value import Value

CostBasis = Literal["details", "totals", "seconds", "characters", "estimate", "vendor", "cache"]
"""What a cost was computed from, best first: token details, token totals, billed seconds or
characters, our own estimate; `vendor` when the vendor names the amount itself; `cache` when
nobody was asked."""

_BEST_FIRST: tuple[CostBasis, ...] = get_args(CostBasis)


class Cost(Value):
    """An amount of money and what it was computed from.

    Attributes:
        amount: In `currency`, exact.
        currency: ISO 4217 code.
        basis: What it was computed from.
    """

    amount: Decimal
    currency: str = "USD"
    basis: CostBasis


def sum_costs(costs: Iterable[Cost | None]) -> Cost | None:
    """All of them together, on the weakest of their bases; `None` when one is not known.

    Nothing at all, or amounts in several currencies, give `None` too.
    """
    known: list[Cost] = []
    for cost in costs:
        if cost is None or (known and cost.currency != known[0].currency):
            return None
        known.append(cost)
    if not known:
        return None
    weakest = max(known, key=lambda cost: _BEST_FIRST.index(cost.basis))
    amount = Decimal(0)
    for cost in known:
        amount = add(amount, cost.amount)
    return weakest.model_copy(update={"amount": amount})


class Usage(Value):
    """What the vendor says a call used. Totals include their parts; `None` means not told.

    Attributes:
        input_tokens: All input tokens.
        output_tokens: All output tokens.
        input_text_tokens: Part of `input_tokens`.
        input_audio_tokens: Part of `input_tokens`.
        cached_tokens: Part of `input_tokens` that was read from a cache.
        output_text_tokens: Part of `output_tokens`.
        output_audio_tokens: Part of `output_tokens`.
        input_audio_s: Seconds of audio billed by time.
        output_audio_s: Seconds of produced audio billed by time.
        characters: Characters of text billed by length.
        cost: What all of it costs, where the provider itself knows, such as one that asks several
            vendors; `None`: it follows from the model's prices.
    """

    input_tokens: NonNegativeInt | None = None
    output_tokens: NonNegativeInt | None = None
    input_text_tokens: NonNegativeInt | None = None
    input_audio_tokens: NonNegativeInt | None = None
    cached_tokens: NonNegativeInt | None = None
    output_text_tokens: NonNegativeInt | None = None
    output_audio_tokens: NonNegativeInt | None = None
    input_audio_s: NonNegativeFloat | None = None
    output_audio_s: NonNegativeFloat | None = None
    characters: NonNegativeInt | None = None
    cost: Cost | None = None

    @property
    def total_tokens(self) -> int | None:
        """Input and output together, or `None` when neither was told."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    def __add__(self, other: Usage) -> Usage:
        """Add field by field; what both leave untold stays untold.

        But for `cost`: one that only one of them tells is not that of both.
        """
        sums: dict[str, int | float | None] = {}
        for name in Usage.model_fields.keys() - {"cost"}:
            mine, theirs = getattr(self, name), getattr(other, name)
            sums[name] = None if mine is None and theirs is None else (mine or 0) + (theirs or 0)
        return Usage.model_validate(sums)


_EXACT = Context(prec=1_000)
"""Room for every digit of any sum or product that can occur here."""


def add(first: Decimal, second: Decimal) -> Decimal:
    """The exact sum."""
    return _EXACT.add(first, second)


def subtract(first: Decimal, second: Decimal) -> Decimal:
    """The exact difference."""
    return _EXACT.subtract(first, second)


def multiply(first: Decimal, second: Decimal) -> Decimal:
    """The exact product."""
    return _EXACT.multiply(first, second)


def millionth(amount: Decimal) -> Decimal:
    """The exact millionth part, for prices per million."""
    return amount.scaleb(-6, _EXACT)
