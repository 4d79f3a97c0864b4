from __future__ import annotations

import itertools
import tempfile
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.profiles import machine

from ossicle.errors import BudgetExceededError, StorageCorruptError
from ossicle.messages import Cost, Estimate, Usage
from ossicle.policy import (
    Account,
    Allowance,
    Amount,
    Budget,
    BudgetLedger,
    BudgetLimits,
    MemoryLedger,
)
from ossicle.storage import SqliteStore, TableLedger
from ossicle.storage.tables.ledger import HOLD_LIFETIME_S
from ossicle_testing.vendors import ManualClock

DAY: Account = ("day", "a", "2026-11-23")
OTHER: Account = ("conversation", "a", "c")
FREE: dict[Account, Allowance] = {DAY: Allowance()}


def amount(tokens: int, money: str = "0") -> Amount:
    return Amount(tokens=tokens, money=Decimal(money))


amounts = st.builds(
    Amount,
    tokens=st.integers(1, 100),
    money=st.decimals(0, 10, places=4, allow_nan=False, allow_infinity=False),
)


class LedgerMachine(RuleBasedStateMachine):
    """The books on disk tell what those in memory tell, however long calls take."""

    accounts = (DAY, OTHER, ("day", "b", "2026-11-23"))

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory()
        self.store = SqliteStore(Path(self.root.name) / "store")
        self.clock = ManualClock()
        self.ledger: BudgetLedger = TableLedger(self.store, clock=self.clock)
        self.model = MemoryLedger()
        self.numbers = itertools.count()
        self.open: dict[str, tuple[Amount, frozenset[Account], float]] = {}

    def teardown(self) -> None:
        self.store.close()
        self.root.cleanup()

    @rule(
        wanted=amounts,
        named=st.sets(st.sampled_from(accounts), min_size=1),
        tokens=st.none() | st.integers(0, 300),
        money=st.none() | st.decimals(0, 30, places=2),
    )
    def hold(
        self,
        wanted: Amount,
        named: set[tuple[str, ...]],
        tokens: int | None,
        money: Decimal | None,
    ) -> None:
        allowances = {name: Allowance(tokens=tokens, money=money) for name in sorted(named)}
        hold_id = str(next(self.numbers))
        overdraft = self.model.hold(hold_id, wanted, allowances)
        assert self.ledger.hold(hold_id, wanted, allowances) == overdraft
        if overdraft is None:
            self.open[hold_id] = wanted, frozenset(named), self.clock()

    @rule(number=st.integers(0, 20), used=amounts)
    def settle(self, number: int, used: Amount) -> None:
        self.ledger.settle(str(number), used)
        self.model.settle(str(number), used)
        self.open.pop(str(number), None)

    @rule(span_s=st.sampled_from([1.0, HOLD_LIFETIME_S / 2, HOLD_LIFETIME_S]))
    def time_passes(self, span_s: float) -> None:
        self.clock.advance(span_s)

    @rule(account=st.sampled_from(accounts))
    def forget(self, account: tuple[str, ...]) -> None:
        # The model lets holds of before count for an account that begins anew; only accounts
        # without open holds are compared, and no hold is of nothing.
        if self.model.held(account) == Amount():
            self.ledger.forget(account)
            self.model.forget(account)

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = SqliteStore(Path(self.root.name) / "store")
        self.ledger = TableLedger(self.store, clock=self.clock)

    @invariant()
    def books_agree(self) -> None:
        """But for holds that are overdue: they are told as spent until somebody settles them."""
        for account in self.accounts:
            overdue = Amount()
            for held, accounts, made_at in self.open.values():
                if account in accounts and made_at <= self.clock() - HOLD_LIFETIME_S:
                    overdue += held
            assert self.ledger.spent(account) == self.model.spent(account) + overdue
            assert self.ledger.held(account) == self.model.held(account) - overdue


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = machine(ci=(15, 30))


def test_a_budget_holds_across_processes_lives(tmp_path: Path) -> None:
    limits = BudgetLimits(day=Allowance(money=Decimal("0.03")))
    estimate = Estimate(
        input_tokens=10,
        output_tokens=10,
        cost=Cost(amount=Decimal("0.01"), basis="estimate"),
    )
    for _ in range(3):
        with SqliteStore(tmp_path / "store") as store:
            budget = Budget(limits, ledger=TableLedger(store))
            with budget.reserve(estimate) as reservation:
                reservation.settle(Usage(input_tokens=10, output_tokens=5), estimate.cost)
    with SqliteStore(tmp_path / "store") as store:
        budget = Budget(limits, ledger=TableLedger(store))
        assert budget.spent_today() == amount(45, "0.03")
        with pytest.raises(BudgetExceededError):
            budget.reserve(estimate)


def test_threads_never_overdraw(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "one") as first:
        second = SqliteStore(tmp_path / "one")
        ledgers = [TableLedger(each) for each in (first, second)]
        held: list[str] = []

        def take(number: int) -> None:
            for turn in range(20):
                hold_id = f"{number} {turn}"
                bound: dict[Account, Allowance] = {DAY: Allowance(tokens=35)}
                if ledgers[number % 2].hold(hold_id, amount(1), bound) is None:
                    held.append(hold_id)

        threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(held) == 35
        assert ledgers[0].held(DAY) == amount(35)
        second.close()


def test_what_a_dead_process_held_is_spent_after_its_time(tmp_path: Path) -> None:
    clock = ManualClock()
    with SqliteStore(tmp_path / "store") as store:
        ledger = TableLedger(store, clock=clock)
        ledger.hold("dead", amount(5, "0.1"), {**FREE, OTHER: Allowance()})
        clock.advance(HOLD_LIFETIME_S - 1)
        ledger.hold("alive", amount(1), FREE)
        assert (ledger.spent(DAY), ledger.held(DAY)) == (amount(0), amount(6, "0.1"))
        clock.advance(1)
        assert (ledger.spent(DAY), ledger.held(DAY)) == (amount(5, "0.1"), amount(1))
        assert (ledger.spent(OTHER), ledger.held(OTHER)) == (amount(5, "0.1"), amount(0))
        bound: dict[Account, Allowance] = {DAY: Allowance(tokens=7)}
        assert ledger.hold("too much", amount(2), bound) is not None
        assert ledger.hold("fits", amount(1), bound) is None


def test_a_call_that_took_longer_is_booked_as_what_it_came_to(tmp_path: Path) -> None:
    clock = ManualClock()
    with SqliteStore(tmp_path / "store") as store:
        ledger = TableLedger(store, clock=clock)
        ledger.hold("long", amount(5, "1"), {**FREE, OTHER: Allowance()})
        ledger.hold("in vain", amount(3, "2"), FREE)
        clock.advance(HOLD_LIFETIME_S + 1)
        ledger.hold("meanwhile", amount(1), FREE)
        ledger.settle("long", amount(700, "7"))
        ledger.settle("in vain", amount(0))
        assert (ledger.spent(DAY), ledger.held(DAY)) == (amount(700, "7"), amount(1))
        assert (ledger.spent(OTHER), ledger.held(OTHER)) == (amount(700, "7"), amount(0))


def test_what_nobody_will_settle_goes_with_its_accounts(tmp_path: Path) -> None:
    clock = ManualClock()
    with SqliteStore(tmp_path / "store") as store:
        ledger = TableLedger(store, clock=clock)
        ledger.hold("dead", amount(5), {**FREE, OTHER: Allowance()})
        clock.advance(HOLD_LIFETIME_S)
        for account, n_left in ((DAY, 1), (OTHER, 0)):
            ledger.forget(account)
            ledger.hold("new", amount(1), FREE)
            ledger.settle("new", amount(1))
            with store.database.reading() as rows:
                assert rows.execute("SELECT count(*) FROM holds").fetchone()[0] == n_left
        assert ledger.spent(DAY) == amount(2)


def test_money_is_exact_and_a_forgotten_account_begins_anew(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store") as store:
        ledger = TableLedger(store)
        for number, money in enumerate(("1e-27", "1e27", "0.1")):
            ledger.hold(str(number), amount(0), FREE)
            ledger.settle(str(number), amount(0, money))
        assert ledger.spent(DAY).money == Decimal(f"1{'0' * 27}.1{'0' * 25}1")
        ledger.hold("open", amount(3), FREE)
        ledger.forget(DAY)
        ledger.settle("open", amount(3))
        assert (ledger.spent(DAY), ledger.held(DAY)) == (amount(0), amount(0))


def test_a_deleted_tenant_has_no_accounts(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store") as store:
        ledger = TableLedger(store)
        other: Account = ("day", "b", "2026-11-23")
        ledger.hold("1", amount(3), {**FREE, other: Allowance()})
        store.delete_tenant("a")
        ledger.settle("1", amount(2))
        assert (ledger.spent(DAY), ledger.held(DAY)) == (amount(0), amount(0))
        assert ledger.spent(other) == amount(2)


def test_a_damaged_account_is_noticed(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store") as store:
        ledger = TableLedger(store)
        ledger.hold("1", amount(3), FREE)
        with store.database.writing() as rows:
            rows.execute("UPDATE balances SET held_money = 'much'")
        with pytest.raises(StorageCorruptError):
            ledger.held(DAY)
