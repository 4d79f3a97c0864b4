from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from tests.profiles import machine

from ossicle.errors import BudgetExceededError, ConfigurationError
from ossicle.messages import Cost, Estimate, Usage
from ossicle.policy import (
    Allowance,
    Amount,
    Budget,
    BudgetLimits,
    MemoryLedger,
    Reservation,
    VirtualClock,
)

NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC).timestamp()


def estimate(tokens: int = 0, money: str = "0") -> Estimate:
    return Estimate(
        input_tokens=tokens,
        output_tokens=0,
        cost=Cost(amount=Decimal(money), basis="estimate"),
    )


def cost(money: str, currency: str = "USD") -> Cost:
    return Cost(amount=Decimal(money), currency=currency, basis="details")


def budget(clock: VirtualClock | None = None, **limits: Any) -> Budget:
    return Budget(BudgetLimits(**limits), clock=clock or VirtualClock(wall=NOON))


def test_reserve_and_settle_by_hand() -> None:
    books = budget(day=Allowance(tokens=100, money=Decimal("0.30")))
    first = books.reserve(estimate(60, "0.1"))
    second = books.reserve(estimate(40, "0.1"))
    with pytest.raises(BudgetExceededError) as caught:
        books.reserve(estimate(1, "0"))
    assert (caught.value.measured, caught.value.allowed) == (101.0, 100.0)
    assert not caught.value.retryable
    first.settle(Usage(input_tokens=30, output_tokens=5), cost("0.07"))
    assert books.spent_today() == Amount(tokens=35, money=Decimal("0.07"))
    assert books.held_today() == Amount(tokens=40, money=Decimal("0.1"))
    second.release()
    assert books.held_today() == Amount()
    books.reserve(estimate(65, "0.23"))
    with pytest.raises(BudgetExceededError, match="day budget"):
        books.reserve(estimate(0, "0.000001"))


def test_ten_times_a_tenth_is_exactly_one() -> None:
    books = budget(day=Allowance(money=Decimal(1)))
    for _ in range(10):
        books.reserve(estimate(0, "0.1")).settle(None, None)
    assert books.spent_today().money == 1
    with pytest.raises(BudgetExceededError):
        books.reserve(estimate(0, "1e-30"))


def test_the_first_end_of_a_reservation_counts() -> None:
    books = budget()
    reservation = books.reserve(estimate(10, "0.5"))
    reservation.settle(Usage(input_tokens=7), None)
    reservation.settle(Usage(input_tokens=99), cost("9"))
    reservation.release()
    assert books.spent_today() == Amount(tokens=7, money=Decimal("0.5"))
    with books.reserve(estimate(10, "0.5")):
        assert books.held_today() == Amount(tokens=10, money=Decimal("0.5"))
    assert books.held_today() == Amount()
    assert books.spent_today() == Amount(tokens=7, money=Decimal("0.5"))


def test_what_is_not_told_is_booked_as_estimated() -> None:
    books = budget()
    books.reserve(estimate(10, "0.5")).settle(Usage(), cost("9", currency="EUR"))
    assert books.spent_today() == Amount(tokens=10, money=Decimal("0.5"))


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        (Usage(output_tokens=5), 5005),
        (Usage(input_tokens=7), 107),
        (Usage(input_tokens=7, output_tokens=5), 12),
        (Usage(input_audio_s=3.0), 5100),
        (Usage(), 5100),
    ],
)
def test_a_side_that_is_not_told_is_booked_as_estimated(told: Usage, tokens: int) -> None:
    books = budget()
    books.reserve(Estimate(input_tokens=5000, output_tokens=100)).settle(told, None)
    assert books.spent_today().tokens == tokens


def test_what_is_known_of_an_estimate_counts_where_the_rest_is_allowed_to_be_unknown() -> None:
    books = budget(on_unknown="allow", day=Allowance(tokens=1_000))
    held = books.reserve(Estimate(input_tokens=700))
    assert books.held_today().tokens == 700
    held.settle(Usage(output_tokens=5), None)
    assert books.spent_today().tokens == 705


def test_a_further_execution_must_fit_the_bound_of_the_call_with_the_others() -> None:
    books = budget(call=Allowance(tokens=1_000), day=Allowance(tokens=10_000))
    first = books.reserve(estimate(500))
    again = books.reserve(estimate(500), executions=2)
    assert books.held_today().tokens == 1_000
    with pytest.raises(BudgetExceededError, match="call budget") as caught:
        books.reserve(estimate(500), executions=3)
    assert (caught.value.measured, caught.value.allowed) == (1_500, 1_000)
    first.settle(None, None)
    again.settle(Usage(input_tokens=20, output_tokens=6), None)
    assert books.spent_today().tokens == 526
    assert books.held_today() == Amount()


def test_a_dearer_call_is_booked_in_full_and_blocks_the_next() -> None:
    books = budget(day=Allowance(tokens=100))
    books.reserve(estimate(50)).settle(Usage(input_tokens=500), None)
    assert books.spent_today().tokens == 500
    with pytest.raises(BudgetExceededError):
        books.reserve(estimate(0))


def test_every_scope_has_its_own_bound() -> None:
    limits: dict[str, Any] = {
        "call": Allowance(tokens=50),
        "conversation": Allowance(tokens=80),
        "day": Allowance(tokens=100),
    }
    books = budget(**limits)
    with pytest.raises(BudgetExceededError, match="call budget"):
        books.reserve(estimate(51))
    books.reserve(estimate(50), conversation_id="a")
    with pytest.raises(BudgetExceededError, match="conversation budget"):
        books.reserve(estimate(31), conversation_id="a")
    books.reserve(estimate(31), conversation_id="b")
    with pytest.raises(BudgetExceededError, match="day budget"):
        books.reserve(estimate(20))
    books.reserve(estimate(50), tenant="other", conversation_id="a")
    assert books.held_today().tokens == 81, "what was refused holds nothing anywhere"
    assert books.held_today("other").tokens == 50


def test_conversations_are_told_apart_and_can_be_forgotten() -> None:
    books = budget(conversation=Allowance(tokens=10))
    books.reserve(estimate(10), conversation_id="a").settle(None, None)
    assert books.spent_in("a").tokens == 10
    assert books.spent_in("a", tenant="other").tokens == 0
    books.forget_conversation("a")
    assert books.spent_in("a").tokens == 0


def test_a_new_day_begins_at_midnight_utc() -> None:
    clock = VirtualClock(wall=NOON)
    books = budget(clock, day=Allowance(tokens=10))
    books.reserve(estimate(6)).settle(None, None)
    late = books.reserve(estimate(4))
    clock.advance(12 * 3600 - 1)
    with pytest.raises(BudgetExceededError):
        books.reserve(estimate(1))
    clock.advance(1)
    books.reserve(estimate(10)).settle(None, None)
    late.settle(Usage(input_tokens=4), None)
    assert books.spent_today().tokens == 10, "a call counts on the day it was reserved"


def test_a_wall_clock_set_back_finds_its_day_again() -> None:
    clock = VirtualClock(wall=NOON)
    books = budget(clock, day=Allowance(tokens=10))
    books.reserve(estimate(10)).settle(None, None)
    clock.set_wall(NOON + 86_400)
    books.reserve(estimate(10)).settle(None, None)
    for wall in (NOON, NOON + 86_400):
        clock.set_wall(wall)
        with pytest.raises(BudgetExceededError):
            books.reserve(estimate(1))


def test_old_days_are_forgotten() -> None:
    clock = VirtualClock(wall=NOON)
    ledger = MemoryLedger()
    books = Budget(BudgetLimits(), clock=clock, ledger=ledger)
    for _ in range(20):
        books.reserve(estimate(10)).settle(None, None)
        clock.advance(86_400)
    assert ledger.spent(("day", "default", "2026-11-23")) == Amount()
    assert ledger.spent(("day", "default", "2026-12-12")).tokens == 10


@pytest.mark.parametrize(
    ("limits", "unknown"),
    [
        ({"day": Allowance(tokens=9)}, Estimate(cost=Cost(amount=Decimal(0), basis="estimate"))),
        ({"call": Allowance(tokens=9)}, Estimate(input_tokens=1)),
        ({"day": Allowance(money=Decimal(9))}, Estimate(input_tokens=1, output_tokens=1)),
        (
            {"call": Allowance(money=Decimal(9)), "currency": "EUR"},
            Estimate(cost=Cost(amount=Decimal(1), basis="estimate")),
        ),
    ],
)
def test_unknown_is_not_within_a_bound(limits: dict[str, Any], unknown: Estimate) -> None:
    with pytest.raises(BudgetExceededError, match="cannot be estimated") as caught:
        budget(**limits).reserve(unknown)
    assert (caught.value.measured, caught.value.allowed) == (None, 9.0)
    books = budget(on_unknown="allow", **limits)
    books.reserve(unknown).settle(Usage(input_tokens=3, output_tokens=0), None)
    assert books.spent_today().tokens == 3
    budget().reserve(unknown)


@pytest.mark.parametrize("bound", [Allowance(tokens=-1), Allowance(money=Decimal("nan"))])
def test_bounds_out_of_range_are_refused(bound: Allowance) -> None:
    with pytest.raises(ConfigurationError):
        BudgetLimits(day=bound)


def test_hostile_figures_never_lower_the_books() -> None:
    books = budget(day=Allowance(tokens=10, money=Decimal(10)))
    with pytest.raises(BudgetExceededError):
        books.reserve(Estimate(input_tokens=-100, output_tokens=11, cost=cost("-5")))
    books.reserve(Estimate(input_tokens=-100, output_tokens=5, cost=cost("-5"))).settle(
        None, cost("-7")
    )
    assert books.spent_today() == Amount(tokens=5)


def test_ten_threads_never_overdraw() -> None:
    books = budget(day=Allowance(tokens=1_000, money=Decimal("1.000")))
    start = threading.Barrier(10)
    granted: list[int] = []
    wrong: list[Amount] = []

    def spend(number: int) -> None:
        start.wait()
        for turn in range(1_000):
            try:
                reservation = books.reserve(estimate(3, "0.003"))
            except BudgetExceededError:
                continue
            held, spent = books.held_today(), books.spent_today()
            # the two are read one after the other, so only each of them is certain
            if held.tokens > 1_000 or spent.tokens > 1_000 or held.money > 1 or spent.money > 1:
                wrong.append(held + spent)
            if (turn + number) % 3:
                reservation.release()
            else:
                reservation.settle(Usage(input_tokens=2), cost("0.002"))
                granted.append(2)

    threads = [threading.Thread(target=spend, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert books.held_today() == Amount()
    assert books.spent_today().tokens == sum(granted) <= 1_000
    assert books.spent_today().money == Decimal("0.001") * sum(granted)


class Books(RuleBasedStateMachine):
    """A budget against plain sums; what is used never exceeds what was reserved."""

    reservations = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(wall=NOON)
        self.books = budget(
            self.clock, day=Allowance(tokens=1_000, money=Decimal(10)), call=Allowance(tokens=400)
        )
        self.spent: dict[int, int] = {}
        self.open: dict[str, tuple[int, int]] = {}

    @property
    def day(self) -> int:
        return int(self.clock.wall() // 86_400)

    @rule(target=reservations, tokens=st.integers(0, 500))
    def reserve(self, tokens: int) -> Reservation | None:
        held = sum(amount for day, amount in self.open.values() if day == self.day)
        fits = tokens <= 400 and self.spent.get(self.day, 0) + held + tokens <= 1_000
        try:
            reservation = self.books.reserve(estimate(tokens, str(Decimal(tokens) / 100)))
        except BudgetExceededError:
            assert not fits
            return None
        assert fits
        self.open[str(id(reservation))] = (self.day, tokens)
        return reservation

    @rule(reservation=consumes(reservations), share=st.integers(0, 100))
    def settle(self, reservation: Reservation | None, share: int) -> None:
        if reservation is None:
            return
        day, tokens = self.open.pop(str(id(reservation)))
        used = tokens * share // 100
        reservation.settle(Usage(input_tokens=used), cost(str(Decimal(used) / 100)))
        self.spent[day] = self.spent.get(day, 0) + used

    @rule(reservation=consumes(reservations))
    def release(self, reservation: Reservation | None) -> None:
        if reservation is not None:
            del self.open[str(id(reservation))]
            reservation.release()

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours * 3600)

    @invariant()
    def books_agree(self) -> None:
        held = sum(amount for day, amount in self.open.values() if day == self.day)
        spent = self.spent.get(self.day, 0)
        assert self.books.held_today() == Amount(tokens=held, money=Decimal(held) / 100)
        assert self.books.spent_today() == Amount(tokens=spent, money=Decimal(spent) / 100)
        assert held + spent <= 1_000


TestBooks = Books.TestCase
TestBooks.settings = machine(ci=(100, 30))
