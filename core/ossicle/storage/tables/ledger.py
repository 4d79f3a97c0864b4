"""The books of a budget on disk: shared by all processes of a store, and there after a crash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ossicle.errors import StorageCorruptError
from ossicle.policy import Allowance, Amount, Overdraft
from ossicle.storage.charge_sums import add_exactly
from ossicle.storage.tables.connection import Connection
from ossicle.storage.tables.store import TableStore

HOLD_LIFETIME_S = 3600.0
"""Hardly a call takes longer: an older hold most likely belongs to a process that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    tokens: int = 0
    money: Decimal = Decimal(0)

    def plus(self, other: Amount | _Sum, *, sign: int = 1) -> _Sum:
        money = other.money if sign > 0 else other.money.copy_negate()
        return _Sum(tokens=self.tokens + sign * other.tokens, money=add_exactly(self.money, money))


class TableLedger:
    """An `ossicle.policy.BudgetLedger` in the database of a store.

    What a process held when it ended is told as spent after an hour: whether its call was
    executed is not known, and a budget rather counts it than overdraws. It stays a hold all the
    same, so that a call which only took longer is booked as what it came to, whenever it ends.

    Args:
        store: Whose database; its deletion of a tenant takes that tenant's accounts too.
        clock: Tells the time in seconds since 1970.

    Example:
        Budget(limits, ledger=TableLedger(store))
    """

    def __init__(
        self,
        store: TableStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = store.database
        self._clock = clock

    def hold(
        self,
        hold_id: str,
        amount: Amount,
        allowances: Mapping[tuple[str, ...], Allowance],
    ) -> Overdraft | None:
        """Hold an amount in all accounts if it fits all of them, else hold nothing."""
        with self._database.writing() as rows:
            self._sweep(rows)
            for account, allowance in allowances.items():
                spent, held = _balance(rows, account)
                wanted = spent.plus(held).plus(amount)
                overdraft = allowance.overdraft(
                    account, Amount(tokens=wanted.tokens, money=wanted.money)
                )
                if overdraft is not None:
                    return overdraft
            rows.execute(
                "INSERT INTO holds (hold_id, tokens, money, made_at) VALUES (?, ?, ?, ?)",
                (hold_id, amount.tokens, str(amount.money), self._clock()),
            )
            for account in allowances:
                spent, held = _balance(rows, account)
                _write(rows, account, spent, held.plus(amount))
                rows.execute(
                    "INSERT INTO hold_accounts (hold_id, account) VALUES (?, ?)",
                    (hold_id, _text(account)),
                )
        return None

    def settle(self, hold_id: str, amount: Amount) -> None:
        """Turn a hold into a spending of this amount; an unknown hold is left alone."""
        with self._database.writing() as rows:
            _settle(rows, hold_id, amount)

    def spent(self, account: tuple[str, ...]) -> Amount:
        """What has been spent in an account."""
        with self._database.reading() as rows:
            spent, _ = _balance(rows, account)
            return self._told(spent.plus(self._overdue(rows, account)))

    def held(self, account: tuple[str, ...]) -> Amount:
        """What is held in an account."""
        with self._database.reading() as rows:
            _, held = _balance(rows, account)
            return self._told(held.plus(self._overdue(rows, account), sign=-1))

    def _told(self, found: _Sum) -> Amount:
        return Amount(tokens=found.tokens, money=found.money)

    def _overdue(self, rows: Connection, account: tuple[str, ...]) -> _Sum:
        """What is held for longer than calls take."""
        total = _Sum()
        for tokens, money in rows.execute(
            "SELECT tokens, money FROM holds JOIN hold_accounts USING (hold_id)"
            " WHERE account = ? AND made_at <= ?",
            (_text(account), self._clock() - HOLD_LIFETIME_S),
        ).fetchall():
            total = total.plus(_Sum(tokens=tokens, money=_exact(money)))
        return total

    def forget(self, account: tuple[str, ...]) -> None:
        """Drop an account that is of no more interest; its open holds settle into nothing."""
        with self._database.writing() as rows:
            for table in ("balances", "hold_accounts"):
                rows.execute(f"DELETE FROM {table} WHERE account = ?", (_text(account),))

    def _sweep(self, rows: Connection) -> None:
        """Drop holds of dead processes once all their accounts are forgotten."""
        rows.execute(
            "DELETE FROM holds WHERE made_at <= ? AND NOT EXISTS"
            " (SELECT 1 FROM hold_accounts WHERE hold_accounts.hold_id = holds.hold_id)",
            (self._clock() - HOLD_LIFETIME_S,),
        )


def _settle(rows: Connection, hold_id: str, amount: Amount) -> None:
    found = rows.execute("SELECT tokens, money FROM holds WHERE hold_id = ?", (hold_id,)).fetchone()
    if found is None:
        return
    was_held = _Sum(tokens=found[0], money=_exact(found[1]))
    for (text,) in rows.execute(
        "SELECT account FROM hold_accounts WHERE hold_id = ?", (hold_id,)
    ).fetchall():
        account = tuple(json.loads(text))
        spent, held = _balance(rows, account)
        _write(rows, account, spent.plus(amount), held.plus(was_held, sign=-1))
    rows.execute("DELETE FROM holds WHERE hold_id = ?", (hold_id,))


def _balance(rows: Connection, account: tuple[str, ...]) -> tuple[_Sum, _Sum]:
    """What is spent and what is held."""
    found = rows.execute(
        "SELECT spent_tokens, spent_money, held_tokens, held_money FROM balances WHERE account = ?",
        (_text(account),),
    ).fetchone()
    if found is None:
        return _Sum(), _Sum()
    return (
        _Sum(tokens=found[0], money=_exact(found[1])),
        _Sum(tokens=found[2], money=_exact(found[3])),
    )


def _write(rows: Connection, account: tuple[str, ...], spent: _Sum, held: _Sum) -> None:
    rows.execute(
        "INSERT INTO balances"
        " (account, tenant, spent_tokens, spent_money, held_tokens, held_money)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET"
        " spent_tokens = excluded.spent_tokens, spent_money = excluded.spent_money,"
        " held_tokens = excluded.held_tokens, held_money = excluded.held_money",
        (
            _text(account),
            account[1] if len(account) > 1 else None,  # ("day", tenant, …), ("conversation", …)
            spent.tokens,
            str(spent.money),
            held.tokens,
            str(held.money),
        ),
    )


def _text(account: tuple[str, ...]) -> str:
    return json.dumps(account)


def _exact(money: str) -> Decimal:
    try:
        return Decimal(money)
    except (InvalidOperation, TypeError) as error:
        raise StorageCorruptError(
            "an account of the ledger does not hold a number",
            fix="Restore the store from a backup, or forget the account.",
        ) from error
