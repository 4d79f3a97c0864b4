"""Budgets through the client, against what the vendor would bill; the books in a store or not."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.books import Elsewhere, SlowBooks
from tests.core.client.cached import SPEAKER, blocking, concurrent
from tests.profiles import tried

from ossicle import Budget, BudgetLimits, Client
from ossicle.errors import (
    AmbiguousOutcomeError,
    BudgetExceededError,
    ConfigurationError,
    OssicleError,
    ProviderError,
    StorageError,
)
from ossicle.messages import Cost, Estimate, Usage
from ossicle.policy import Allowance, Amount, MemoryLedger, RetryPolicy
from ossicle.storage import MemoryStore, SqliteStore, TableLedger
from ossicle_testing.vendors import FaultKind, ListedFaults
from ossicle_testing.vendors.openai import FakeOpenAI

CHEAP = "four words of text"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "store") as made:
        yield made


def books_of(client: Client) -> Budget:
    budget = client._client._router.runtime.budget
    assert budget is not None
    return budget


def price_of(text: str) -> Decimal:
    """What the vendor bills for saying it."""
    with FakeOpenAI() as vendor, blocking(vendor) as client:
        client.speak(text, model=SPEAKER)
        return vendor.ledger.total.amount


def test_books_in_a_store_are_shared_and_survive(store: SqliteStore, tmp_path: Path) -> None:
    price = price_of(CHEAP)
    limits = BudgetLimits(day=Allowance(money=price * 3))
    with FakeOpenAI() as vendor, SqliteStore(tmp_path / "store") as second:
        for which in (store, second, store):  # Each is a process of its own.
            with blocking(vendor, store=which, budget=limits) as client:
                client.speak(CHEAP, model=SPEAKER)
        with (
            blocking(vendor, store=second, budget=limits) as client,
            pytest.raises(BudgetExceededError),
        ):
            client.speak(CHEAP, model=SPEAKER)
        assert len(vendor.ledger.entries) == 3
        ledger = TableLedger(store)
        assert books_of(client).spent_today().money == vendor.ledger.total.amount == price * 3
        assert Budget(limits, ledger=ledger).held_today() == Amount()


@pytest.mark.parametrize("scope", ["call", "tenant", "day", "conversation"])
@pytest.mark.parametrize("in_store", [True, False])
def test_each_scope_is_enforced_before_the_call(
    store: SqliteStore, scope: str, in_store: bool
) -> None:
    bound: dict[str, Any] = {scope: Allowance(tokens=100)}
    limits = BudgetLimits(**bound)
    kept = store if in_store else None
    long = "word " * 200
    with FakeOpenAI() as vendor, blocking(vendor, budget=limits, store=kept) as client:
        talk = client.conversation()
        with pytest.raises(BudgetExceededError, match=f"{scope} budget"):
            talk.send(long, max_output_tokens=10)
        assert talk.turns[-1].state == "failed"
        assert vendor.ledger.entries == ()
        if scope in ("call", "tenant", "day"):
            with pytest.raises(BudgetExceededError):
                client.respond(long, max_output_tokens=10)
        assert vendor.ledger.entries == ()
        if scope == "tenant":
            assert books_of(client).spent_by() == Amount()


def test_tenants_have_books_of_their_own(store: SqliteStore) -> None:
    price = price_of(CHEAP)
    limits = BudgetLimits(tenant=Allowance(money=price))
    with FakeOpenAI() as vendor, blocking(vendor, store=store, budget=limits) as client:
        for tenant in ("ada", "bob"):
            client.for_tenant(tenant).speak(CHEAP, model=SPEAKER)
            with pytest.raises(BudgetExceededError, match="tenant budget"):
                client.for_tenant(tenant).speak(CHEAP, model=SPEAKER)
        assert len(vendor.ledger.entries) == 2
        store.delete_tenant("ada")
        assert books_of(client).spent_by("ada") == Amount()
        assert books_of(client).spent_by("bob").money == price


@pytest.mark.parametrize("in_store", [True, False])
@pytest.mark.parametrize("how", ["delete", "none", "store"])
def test_the_books_forget_a_conversation_that_is_deleted(
    store: SqliteStore, in_store: bool, how: str
) -> None:
    """Its id is in no file any more, and what is held for it settles into nothing."""
    limits = BudgetLimits(conversation=Allowance(tokens=30_000))
    budget = limits if in_store else Budget(limits)
    with Client("echo", store=store, budget=budget) as client:
        talk = client.conversation(id="patient-4711")
        talk.send("hello")
        books = books_of(client)
        assert books.spent_in("patient-4711").tokens > 0
        held = books.reserve(
            Estimate(input_tokens=5, output_tokens=5), conversation_id="patient-4711"
        )
        if how == "delete":
            assert client.conversations.delete("patient-4711")
        elif how == "none":
            client.conversations.open("patient-4711", retention="none")
        else:
            assert store.delete_conversation("default", "patient-4711")
        held.settle(Usage(input_tokens=5, output_tokens=5), None)
        # Books elsewhere are not within a store's reach.
        is_left = how == "store" and not in_store
        assert (books.spent_in("patient-4711") != Amount()) == is_left
        files = [path.read_bytes() for path in store.folder.rglob("*") if path.is_file()]
        assert not any(b"patient-4711" in data for data in files)


@pytest.mark.parametrize("retention", ["audio", "transcript", "none"])
def test_a_conversation_without_a_bound_has_no_account(store: SqliteStore, retention: Any) -> None:
    """The books kept its id, and nothing ever took it out of them."""
    limits = BudgetLimits(day=Allowance(tokens=10**6), on_unknown="allow")
    with Client("echo", store=store, budget=limits) as client:
        client.for_tenant("ada").conversation(id="x", retention=retention).send("hello")
        with store.database.reading() as rows:
            accounts = [account for (account,) in rows.execute("SELECT account FROM balances")]
        assert len(accounts) == 1
        assert accounts[0].startswith('["day", "ada"')
        store.delete_conversation("ada", "x")
        assert store.list_tenants() == ("ada",)  # There are books of her.
        store.delete_tenant("ada")
        assert store.list_tenants() == ()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("in_store", [True, False])
def test_concurrent_calls_never_overspend(store: SqliteStore, backend: str, in_store: bool) -> None:
    price = price_of(CHEAP)
    limits = BudgetLimits(day=Allowance(money=price * 5))
    refused = []
    with FakeOpenAI() as vendor:

        async def main() -> None:
            kept = store if in_store else None
            async with concurrent(vendor, budget=limits, store=kept) as client:

                async def ask() -> None:
                    try:
                        await client.speak(CHEAP, model=SPEAKER)
                    except BudgetExceededError as error:
                        refused.append(error)

                async with anyio.create_task_group() as tasks:
                    for _ in range(24):
                        tasks.start_soon(ask)

        anyio.run(main, backend=backend)
        assert len(vendor.ledger.executed) == 5
        assert vendor.ledger.total.amount == price * 5
    assert len(refused) == 19


@pytest.mark.parametrize(
    ("fault", "is_booked"),
    [
        (FaultKind.STATUS_429, False),  # Surely not executed.
        (FaultKind.STATUS_503, False),
        (FaultKind.RESET_AFTER_UPLOAD, True),  # Nobody knows.
        (FaultKind.TRUNCATED_LENGTH, True),
    ],
)
@pytest.mark.parametrize("in_store", [True, False])
def test_a_failure_is_booked_when_it_may_have_been_billed(
    store: SqliteStore, fault: FaultKind, is_booked: bool, in_store: bool
) -> None:
    limits = BudgetLimits(day=Allowance(money=Decimal(1)))
    with (
        FakeOpenAI(schedule=ListedFaults([fault])) as vendor,
        blocking(
            vendor,
            budget=limits,
            store=store if in_store else None,
            retry=RetryPolicy(attempts=1),
        ) as client,
    ):
        with pytest.raises(OssicleError):
            client.speak(CHEAP, model=SPEAKER)
        books = books_of(client)
        assert books.held_today() == Amount()
        assert (books.spent_today().money > 0) == is_booked
        assert books.spent_today().money >= vendor.ledger.total.amount


@pytest.mark.parametrize("scope", ["call", "conversation", "tenant", "day"])
@pytest.mark.parametrize("in_store", [True, False])
def test_what_may_be_paid_twice_is_repeated_only_within_the_bounds(
    store: SqliteStore, scope: str, in_store: bool
) -> None:
    with FakeOpenAI() as vendor, blocking(vendor) as client:
        answered = client.respond(CHEAP, max_output_tokens=50).receipt
        assert answered is not None
        estimate = answered.estimate
        assert estimate is not None
        once = (estimate.input_tokens or 0) + (estimate.output_tokens or 0)
    for n_fit in (1, 2, 3):
        bound: dict[str, Any] = {scope: Allowance(tokens=once * n_fit)}
        limits = BudgetLimits(**bound)
        faults = ListedFaults([FaultKind.RESET_AFTER_UPLOAD] * 5)
        retry = RetryPolicy(attempts=5, on_ambiguous="repeat", base_s=0.001)
        kept, tenant = store if in_store else None, f"{scope} {n_fit}"
        with (
            FakeOpenAI(schedule=faults) as vendor,
            blocking(vendor, budget=limits, store=kept, retry=retry) as client,
        ):
            conversation = client.for_tenant(tenant).conversation()
            with pytest.raises(AmbiguousOutcomeError) as caught:
                conversation.send(CHEAP, max_output_tokens=50)
            receipt = caught.value.receipt
            assert receipt is not None
            assert len(vendor.ledger.entries) == len(receipt.attempts) == n_fit
            assert [note for note in receipt.notes if f"not repeated: the {scope} budget" in note]
            books = books_of(client)
            assert books.held_today(tenant) == Amount()
            assert books.spent_today(tenant).tokens == once * n_fit


class Faltering(MemoryLedger):
    """Cannot write the first of the ends."""

    n_ends = 0

    def settle(self, hold_id: str, amount: Amount) -> None:
        self.n_ends += 1
        if self.n_ends == 1:
            raise StorageError("busy", fix="Wait.")
        super().settle(hold_id, amount)


def test_an_end_that_cannot_be_written_keeps_no_other_from_it() -> None:
    budget = Budget(BudgetLimits(), ledger=Faltering())
    retry = RetryPolicy(attempts=2, on_ambiguous="repeat", base_s=0.001)
    with (
        FakeOpenAI(schedule=ListedFaults([FaultKind.RESET_AFTER_UPLOAD])) as vendor,
        blocking(vendor, budget=budget, retry=retry) as client,
    ):
        reply = client.respond(CHEAP, max_output_tokens=50)
    assert reply.usage.total_tokens == budget.spent_today().tokens
    assert budget.held_today().tokens > 0, "what could not be written counts in full"


def test_a_repeat_that_the_budget_refuses_leaves_the_quota_of_repeats_alone() -> None:
    faults = ListedFaults([FaultKind.RESET_AFTER_UPLOAD], repeat=True)
    retry = RetryPolicy(attempts=2, on_ambiguous="repeat", base_s=0.001)
    limits = BudgetLimits(call=Allowance(tokens=70))
    with (
        FakeOpenAI(schedule=faults) as vendor,
        blocking(vendor, budget=limits, retry=retry) as client,
    ):
        with pytest.raises(AmbiguousOutcomeError):
            client.respond(CHEAP, max_output_tokens=50)
        quota = client._client._router.runtime.quota
        assert (len(vendor.ledger.entries), quota.tokens) == (1, quota.capacity)


def test_a_stream_closed_while_its_repeat_is_reserved_is_booked_once() -> None:
    async def main(vendor: FakeOpenAI, books: SlowBooks, budget: Budget) -> None:
        retry = RetryPolicy(attempts=2, on_ambiguous="repeat", base_s=0.001)
        async with (
            concurrent(vendor, budget=budget, retry=retry) as client,
            client.stream(CHEAP, max_output_tokens=50) as stream,
        ):

            async def read() -> None:
                with contextlib.suppress(OssicleError):
                    await stream.collect()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.to_thread.run_sync(books.entered.wait)
                tasks.start_soon(stream.aclose)
                await anyio.sleep(0.05)
                books.gate.set()

    for backend in ("asyncio", "trio"):
        books = SlowBooks(waits_from=2)
        books.gate.clear()
        elsewhere: Any = Elsewhere(books)
        budget = Budget(BudgetLimits(call=Allowance(tokens=10_000)), ledger=elsewhere)
        with FakeOpenAI(schedule=ListedFaults([FaultKind.RESET_AFTER_UPLOAD])) as vendor:
            anyio.run(main, vendor, books, budget, backend=backend)
            assert len(vendor.ledger.entries) == 1
        with FakeOpenAI(schedule=ListedFaults([FaultKind.RESET_AFTER_UPLOAD])) as vendor:
            once = Budget(BudgetLimits())
            with (
                blocking(vendor, budget=once, retry=RetryPolicy(attempts=1)) as client,
                pytest.raises(AmbiguousOutcomeError),
            ):
                client.respond(CHEAP, max_output_tokens=50)
        assert budget.spent_today() == once.spent_today()
        assert budget.held_today() == Amount()


@pytest.mark.parametrize("in_store", [True, False])
def test_a_stream_that_is_left_is_booked_as_estimated(store: SqliteStore, in_store: bool) -> None:
    limits = BudgetLimits(day=Allowance(money=Decimal(1)))
    kept = store if in_store else None
    with FakeOpenAI() as vendor, blocking(vendor, budget=limits, store=kept) as client:
        books = books_of(client)
        with client.stream(CHEAP * 30, task="speak", model=SPEAKER) as stream:
            next(stream)
            assert books.held_today().money > 0
        assert books.held_today() == Amount()
        vendor.ledger.wait_idle()
        assert books.spent_today().money >= vendor.ledger.total.amount > 0


def test_books_on_disk_leave_the_event_loop_alone(store: SqliteStore) -> None:
    """Another process may hold the database: whatever waits for it waits in a worker thread."""
    loop_threads, book_threads = set(), set()

    class Elsewhere:
        """Books that are not in memory, as far as a budget knows."""

        def __init__(self) -> None:
            self._books = MemoryLedger()

        def __getattr__(self, name: str) -> Any:
            book_threads.add(threading.get_ident())
            return getattr(self._books, name)

    with FakeOpenAI() as vendor:

        async def main() -> None:
            loop_threads.add(threading.get_ident())
            ledger: Any = Elsewhere()
            budget = Budget(BudgetLimits(on_unknown="allow"), ledger=ledger)
            async with concurrent(vendor, budget=budget) as client:
                await client.speak(CHEAP, model=SPEAKER)
                async with client.stream(CHEAP, task="speak", model=SPEAKER) as stream:
                    await anext(stream)

        anyio.run(main)
    assert book_threads
    assert not book_threads & loop_threads


def test_books_that_cannot_be_written(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = BudgetLimits(day=Allowance(money=Decimal(1)))
    with FakeOpenAI() as vendor, blocking(vendor, store=store, budget=limits) as client:

        def broken(*positional: Any, **named: Any) -> None:
            raise StorageError("the disk is gone", fix="Find it.")

        with monkeypatch.context() as patch:
            patch.setattr(TableLedger, "settle", broken)
            reply = client.speak(CHEAP, model=SPEAKER)  # Paid for: it is not lost.
            assert reply.audio is not None
            assert books_of(client).held_today().money > 0  # Counted as it was estimated.
        with monkeypatch.context() as patch:
            patch.setattr(TableLedger, "hold", broken)
            with pytest.raises(StorageError):
                client.speak(CHEAP, model=SPEAKER)  # Nothing was asked: it cannot be bounded.
        assert len(vendor.ledger.entries) == 1


def test_a_store_without_books_is_said_so() -> None:
    class Own(MemoryStore):
        pass

    with Client("echo", store=Own(), budget=BudgetLimits()) as client:
        assert client.respond("hi").text

    class Foreign:
        pass

    with pytest.raises(ConfigurationError, match="Foreign keeps no books"):
        Client("echo", store=Foreign(), budget=BudgetLimits())  # type: ignore[arg-type]


CALLS = st.lists(
    st.tuples(
        st.integers(0, 500),  # estimated
        st.floats(0, 1),  # share of it that is used
        st.sampled_from(["settle", "release", "unknown"]),
        st.integers(0, 3),  # how many later ones begin before it ends
        st.sampled_from(["ada", "bob"]),
        st.sampled_from([None, "c1", "c2"]),
    ),
    max_size=60,
)


@settings(max_examples=tried(1000), deadline=None)
@given(calls=CALLS, day=st.integers(0, 3000), tenant=st.integers(0, 3000), talk=st.integers(0, 900))
def test_nothing_is_ever_overspent(calls: list[Any], day: int, tenant: int, talk: int) -> None:
    bounds = {"day": day, "tenant": tenant, "conversation": talk}
    limits: dict[str, Any] = {
        name: Allowance(tokens=n, money=Decimal(n) / 1000) for name, n in bounds.items()
    }
    budget = Budget(BudgetLimits(call=Allowance(tokens=400), **limits))
    spent: dict[Any, int] = {}
    open_calls: list[tuple[int, Any]] = []

    def end_due(*, everything: bool = False) -> None:
        for entry in list(open_calls):
            left, end = entry
            open_calls.remove(entry)
            if left <= 0 or everything:
                end()
            else:
                open_calls.append((left - 1, end))

    for estimated, share, how, lasts, who, where in calls:
        money = Cost(amount=Decimal(estimated) / 1000, basis="estimate")
        estimate = Estimate(input_tokens=estimated, output_tokens=0, cost=money)
        accounts = [("day", who), ("tenant", who)] + (
            [("conversation", who, where)] if where else []
        )
        try:
            held = budget.reserve(estimate, tenant=who, conversation_id=where)
        except BudgetExceededError:
            end_due()
            continue
        used = 0 if how == "release" else estimated if how == "unknown" else int(estimated * share)
        usage = Usage(input_tokens=used, output_tokens=0)
        cost = Cost(amount=Decimal(used) / 1000, basis="details")

        def end(held: Any = held, how: str = how, usage: Usage = usage, cost: Cost = cost) -> None:
            if how == "settle":
                held.settle(usage, cost)
            elif how == "unknown":
                held.settle(None, None)
            else:
                held.release()

        for account in accounts:
            spent[account] = spent.get(account, 0) + used
        open_calls.append((lasts, end))
        end_due()
    end_due(everything=True)
    for account, used in spent.items():
        assert used <= bounds[account[0]]
    for who in ("ada", "bob"):
        assert budget.spent_today(who).tokens == spent.get(("day", who), 0)
        assert budget.held_today(who) == Amount()


def test_what_is_refused_says_so_to_the_caller(store: SqliteStore) -> None:
    with (
        FakeOpenAI(schedule=ListedFaults([FaultKind.STATUS_429] * 3)) as vendor,
        blocking(vendor, store=store, budget=BudgetLimits(call=Allowance(tokens=1))) as client,
    ):
        with pytest.raises(BudgetExceededError) as caught:
            client.respond("hello", max_output_tokens=5)
        assert not isinstance(caught.value, ProviderError)
        assert caught.value.receipt is not None
        assert caught.value.receipt.attempts == ()
        assert vendor.ledger.entries == ()
