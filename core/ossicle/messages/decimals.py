"""Arithmetic on money that never rounds."""

from __future__ import annotations

from decimal import Context, Decimal

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
