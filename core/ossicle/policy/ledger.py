"""The books of a budget: what is spent and what is held for calls under way, by account."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

from ossicle.messages.usage import add, subtract

Account = tuple[str, ...]
"""What limits apply to, such as `("day", "tenant", "2026-11-23")`; the first word is the scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Tokens and money together; whole tokens, exact money, neither negative."""

    tokens: int = 0
    money: Decimal = Decimal(0)

    def __add__(self, other: Amount) -> Amount:
        """The sum of both."""
        return Amount(tokens=self.tokens + other.tokens, money=add(self.money, other.money))

    def __sub__(self, other: Amount) -> Amount:
        """The difference of both."""
        return Amount(tokens=self.tokens - other.tokens, money=subtract(self.money, other.money))

    def times(self, number: int) -> Amount:
        """So many times the amount."""
        total = Amount()
        for _ in range(number):
            total += self
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdraft:
    """Why a hold was refused.

    Attributes:
        account: The account that would be overdrawn.
        unit: Which of its bounds.
        measured: Spent, held and asked for together.
        allowed: The bound.
    """

    account: Account
    unit: Literal["tokens", "money"]
    measured: Decimal
    allowed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """An upper bound of tokens and money; `None`: no bound of this kind."""

    tokens: int | None = None
    money: Decimal | None = None

    def overdraft(self, account: Account, wanted: Amount) -> Overdraft | None:
        """Why this much is too much for an account, or `None` when it is not."""
        for unit, measured, allowed in (
            ("tokens", wanted.tokens, self.tokens),
            ("money", wanted.money, self.money),
        ):
            if allowed is not None and measured > allowed:
                return Overdraft(
                    account=account,
                    unit="tokens" if unit == "tokens" else "money",
                    measured=Decimal(measured),
                    allowed=Decimal(allowed),
                )
        return None


class BudgetLedger(Protocol):
    """Where a budget keeps its books. Every method is atomic and safe between threads."""

    @abstractmethod
    def hold(
        self, hold_id: str, amount: Amount, allowances: Mapping[Account, Allowance]
    ) -> Overdraft | None:
        """Hold an amount in all accounts if it fits all of them, else hold nothing.

        Args:
            hold_id: New and unique.
            amount: What to hold.
            allowances: The accounts and their bounds.

        Returns:
            `None` when it is held, else the first account that it does not fit.
        """

    @abstractmethod
    def settle(self, hold_id: str, amount: Amount) -> None:
        """Turn a hold into a spending of this amount; an unknown hold is left alone."""

    @abstractmethod
    def spent(self, account: Account) -> Amount:
        """What has been spent in an account."""

    @abstractmethod
    def held(self, account: Account) -> Amount:
        """What is held in an account."""

    @abstractmethod
    def forget(self, account: Account) -> None:
        """Drop an account that is of no more interest; its open holds settle into nothing."""


@dataclass(slots=True)
class _Balance:
    spent: Amount = field(default_factory=Amount)
    held: Amount = field(default_factory=Amount)


class MemoryLedger:
    """Books in memory, for one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._balances: dict[Account, _Balance] = {}
        self._holds: dict[str, tuple[Amount, tuple[Account, ...]]] = {}

    def hold(
        self, hold_id: str, amount: Amount, allowances: Mapping[Account, Allowance]
    ) -> Overdraft | None:
        """Hold an amount in all accounts if it fits all of them, else hold nothing."""
        with self._lock:
            for account, allowance in allowances.items():
                balance = self._balances.get(account, _Balance())
                overdraft = allowance.overdraft(account, balance.spent + balance.held + amount)
                if overdraft is not None:
                    return overdraft
            for account in allowances:
                balance = self._balances.setdefault(account, _Balance())
                balance.held += amount
            self._holds[hold_id] = (amount, tuple(allowances))
            return None

    def settle(self, hold_id: str, amount: Amount) -> None:
        """Turn a hold into a spending of this amount; an unknown hold is left alone."""
        with self._lock:
            held, accounts = self._holds.pop(hold_id, (Amount(), ()))
            for account in accounts:
                balance = self._balances.get(account)
                if balance is not None:
                    balance.held -= held
                    balance.spent += amount

    def spent(self, account: Account) -> Amount:
        """What has been spent in an account."""
        with self._lock:
            return self._balances.get(account, _Balance()).spent

    def held(self, account: Account) -> Amount:
        """What is held in an account."""
        with self._lock:
            return self._balances.get(account, _Balance()).held

    def forget(self, account: Account) -> None:
        """Drop an account that is of no more interest; its open holds settle into nothing."""
        with self._lock:
            self._balances.pop(account, None)
