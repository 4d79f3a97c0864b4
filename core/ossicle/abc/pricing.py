"""What a call costs, exactly, from what the vendor says it used."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ossicle.abc.capabilities import Prices
from ossicle.messages import Cost, CostBasis, Estimate, Usage, sum_costs
from ossicle.messages.decimals import add, millionth, multiply


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Input or output: what was used, and at which prices per million tokens or per second."""

    total: int | None
    text: int | None
    audio: int | None
    cached: int = 0
    seconds: float | None
    characters: int | None = None
    text_price: Decimal | None
    audio_price: Decimal | None
    cached_text_price: Decimal | None = None
    cached_audio_price: Decimal | None = None
    second_price: Decimal | None
    million_price: Decimal | None = None

    @property
    def is_told(self) -> bool:
        """Whether the vendor says anything but zero."""
        used = (self.total, self.text, self.audio, self.seconds, self.characters)
        return any(used)

    @property
    def is_priced(self) -> bool:
        """Whether anything on this side has a price."""
        prices = (self.text_price, self.audio_price, self.second_price, self.million_price)
        return any(price is not None for price in prices)


@dataclass(frozen=True, slots=True)
class _Amount:
    money: Decimal
    basis: CostBasis


def cost_of(usage: Usage, prices: Prices | None) -> Cost | None:
    """What the usage costs, or `None` when that cannot be known.

    What the provider itself says it costs counts; else it is worked out at these prices.

    Input and output are priced each by the best that is told: text, audio and cached tokens
    (`details`); else their total (`totals`), at the highest token price of that side, since audio
    counted as text would be under-reported many times over; else seconds; else characters.
    `Cost.basis` names the weaker of the two.

    Vendors' figures are not believed blindly. Details win over a total that contradicts them,
    parts that are all zero under a total that is not count as not told, a missing part is the
    rest of the total and never less than zero, and cached tokens are at most the input. They are
    taken from the text first, where the discount is smaller. Nothing told gives `None`, not zero;
    so does anything used that has no price. The result is exact and never negative.
    """
    if usage.cost is not None and usage.cost.amount >= 0:
        return usage.cost
    if prices is None:
        return None
    sides = (_input(usage, prices), _output(usage, prices))
    amounts: list[_Amount] = []
    for side, other in (sides, sides[::-1]):
        if not side.is_told:
            continue
        amount = _price_of(side)
        if amount is not None:
            amounts.append(amount)
        elif side.is_priced or not _is_paid_by_length(other):
            return None
    return sum_costs(
        Cost(amount=amount.money, currency=prices.currency, basis=amount.basis)
        for amount in amounts
    )


def untold_as_estimated(usage: Usage, estimate: Estimate) -> Usage:
    """The usage, and of input or output that it says nothing of, the tokens that were estimated.

    Of an estimated answer it is not known what part is speech: `cost_of` takes the dearer price.
    """
    told_in = (usage.input_tokens, usage.input_text_tokens, usage.input_audio_tokens,
               usage.input_audio_s, usage.characters)  # fmt: skip
    told_out = (usage.output_tokens, usage.output_text_tokens, usage.output_audio_tokens,
                usage.output_audio_s)  # fmt: skip
    added: dict[str, int | None] = {}
    if all(figure is None for figure in told_in):
        added["input_tokens"] = total = estimate.input_tokens
        added["input_audio_tokens"] = audio = estimate.input_audio_tokens
        added["input_text_tokens"] = None if total is None or audio is None else total - audio
    if all(figure is None for figure in told_out):
        added["output_tokens"] = estimate.output_tokens
    known = {name: max(figure, 0) for name, figure in added.items() if figure is not None}
    return usage.model_copy(update=known)


def _is_paid_by_length(side: _Side) -> bool:
    """Whether a price per second or character on this side pays for the other one too."""
    return side.is_told and (side.second_price is not None or side.million_price is not None)


def _input(usage: Usage, prices: Prices) -> _Side:
    return _Side(
        total=usage.input_tokens,
        text=usage.input_text_tokens,
        audio=usage.input_audio_tokens,
        cached=usage.cached_tokens or 0,
        seconds=_finite(usage.input_audio_s),
        characters=usage.characters,
        text_price=_not_negative(prices.text_in),
        audio_price=_not_negative(prices.audio_in),
        cached_text_price=_not_negative(prices.cached_text_in),
        cached_audio_price=_not_negative(prices.cached_audio_in),
        second_price=_not_negative(prices.second_in),
        million_price=_not_negative(prices.million_characters),
    )


def _output(usage: Usage, prices: Prices) -> _Side:
    return _Side(
        total=usage.output_tokens,
        text=usage.output_text_tokens,
        audio=usage.output_audio_tokens,
        seconds=_finite(usage.output_audio_s),
        text_price=_not_negative(prices.text_out),
        audio_price=_not_negative(prices.audio_out),
        second_price=_not_negative(prices.second_out),
    )


def _price_of(side: _Side) -> _Amount | None:
    for way in (_by_details, _by_total, _by_seconds, _by_characters):
        amount = way(side)
        if amount is not None:
            return amount
    return None


def _by_details(side: _Side) -> _Amount | None:
    if not side.text and not side.audio:
        return None
    rest = max((side.total or 0) - (side.text or 0) - (side.audio or 0), 0)
    text = rest if side.text is None else side.text
    audio = rest if side.audio is None else side.audio
    cached_text = min(side.cached, text)
    cached_audio = min(side.cached - cached_text, audio)
    return _sum(
        "details",
        (text - cached_text, side.text_price),
        (audio - cached_audio, side.audio_price),
        (cached_text, _first_known(side.cached_text_price, side.text_price)),
        (cached_audio, _first_known(side.cached_audio_price, side.audio_price)),
    )


def _by_total(side: _Side) -> _Amount | None:
    if not side.total:
        return None
    known = [price for price in (side.text_price, side.audio_price) if price is not None]
    # which of the tokens were cached is unknown, so no discount is presumed
    return _sum("totals", (side.total, max(known, default=None)))


def _by_seconds(side: _Side) -> _Amount | None:
    if not side.seconds or side.second_price is None:
        return None
    return _Amount(multiply(Decimal(repr(side.seconds)), side.second_price), "seconds")


def _by_characters(side: _Side) -> _Amount | None:
    return _sum("characters", (side.characters, side.million_price)) if side.characters else None


def _sum(basis: CostBasis, *parts: tuple[int | None, Decimal | None]) -> _Amount | None:
    """The parts at their prices per million; `None` when one that was used has no price."""
    total = Decimal(0)
    for count, price in _used(parts):
        if price is None:
            return None
        total = add(total, multiply(Decimal(count), price))
    return _Amount(millionth(total), basis)


def _used(
    parts: Iterable[tuple[int | None, Decimal | None]],
) -> Iterable[tuple[int, Decimal | None]]:
    return ((count, price) for count, price in parts if count)


def _first_known(*prices: Decimal | None) -> Decimal | None:
    return next((price for price in prices if price is not None), None)


def _not_negative(price: Decimal | None) -> Decimal | None:
    return price if price is not None and price >= 0 else None


def _finite(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) else None
