"""Sums over the ledger, exact to the last digit of money."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Context, Decimal

from ossicle.messages import Usage
from ossicle.storage.records import Charge, ChargeSum


def add_exactly(left: Decimal, right: Decimal) -> Decimal:
    """The sum of two amounts of money, whatever precision the calling thread works with."""
    return Context(prec=200).add(left, right)


def sum_by_day(charges: Iterable[Charge]) -> tuple[ChargeSum, ...]:
    """One sum for each day, provider, model, outcome and currency, sorted by these."""
    sums: dict[tuple[str, ...], ChargeSum] = {}
    for charge in charges:
        one = _sum_of_one(charge)
        key = (one.day, one.provider, one.model, one.outcome, one.currency)
        sums[key] = _add(sums[key], one) if key in sums else one
    return tuple(sums[key] for key in sorted(sums))


def _sum_of_one(charge: Charge) -> ChargeSum:
    day = datetime.datetime.fromtimestamp(charge.at, tz=datetime.UTC).date().isoformat()
    usage = charge.usage or Usage()
    return ChargeSum(
        day=day,
        provider=charge.provider,
        model=charge.model,
        outcome=charge.outcome,
        currency=charge.currency or "USD",
        calls=1,
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        input_audio_tokens=usage.input_audio_tokens or 0,
        output_audio_tokens=usage.output_audio_tokens or 0,
        input_audio_s=charge.input_audio_s,
        output_audio_s=charge.output_audio_s,
        amount=charge.amount or Decimal(0),
        n_unknown_amounts=int(charge.amount is None),
    )


def _add(left: ChargeSum, right: ChargeSum) -> ChargeSum:
    sums: dict[str, object] = {"amount": add_exactly(left.amount, right.amount)}
    for name, value in right:
        if isinstance(value, int | float):
            sums[name] = getattr(left, name) + value
    return left.model_copy(update=sums)
