from __future__ import annotations

import logging
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from tests.nightly.thresholds.tenants import mingle

from ossicle.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    DeadlineExceededError,
    MalformedAudioError,
    ModelNotFoundError,
    PermissionRefusedError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    StorageError,
)
from ossicle.storage import AudioCache, Cacheable, Fetched, MemoryStore, SqliteStore
from ossicle_testing.vendors import ManualClock

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class Maker:
    """Makes a value and counts how often; waits until it may."""

    def __init__(
        self,
        value: bytes = b"made",
        *,
        document: str = '{"n": 1}',
        error: Exception | None = None,
    ) -> None:
        self.value, self.document = value, document
        self.error = error
        self.calls = 0
        self.gate = anyio.Event()
        self.gate.set()

    async def __call__(self) -> Cacheable:
        self.calls += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Cacheable(document=self.document, value=self.value)


def fetch(cache: AudioCache, maker: Maker, *, tenant: str = "a", facts: object = 1) -> Fetched:
    async def ask() -> Fetched:
        return await cache.fetch(tenant, kind="speak", facts=facts, make=maker)

    return anyio.run(ask)


def test_a_hit_is_byte_identical_and_says_so(tmp_path: Path) -> None:
    maker = Maker(random.Random(1).randbytes(100_000))
    with SqliteStore(tmp_path / "store", durability="normal") as store:
        first = fetch(AudioCache(store), maker)
    with SqliteStore(tmp_path / "store") as store:  # Also in the next process.
        second = fetch(AudioCache(store), maker)
    assert (first.origin, second.origin, maker.calls) == ("made", "stored", 1)
    assert second.value == first.value == maker.value
    assert second.document == first.document


@BACKENDS
def test_sixty_four_callers_are_one_execution(backend: str) -> None:
    async def crowd() -> None:
        cache, maker, found = AudioCache(MemoryStore()), Maker(), []
        maker.gate = anyio.Event()

        async def ask() -> None:
            found.append(await cache.fetch("a", kind="speak", facts=1, make=maker))

        async with anyio.create_task_group() as tasks:
            for _ in range(64):
                tasks.start_soon(ask)
            await until(lambda: sum(each.n_callers for each in cache._flights.values()) == 64)
            await until(lambda: maker.calls == 1)
            maker.gate.set()
        assert maker.calls == 1
        assert {each.value for each in found} == {b"made"}
        assert sorted(each.origin for each in found) == ["made", *["shared"] * 63]
        assert (cache.figures.made, cache.figures.shared) == (1, 63)
        assert cache._flights == {}

    anyio.run(crowd, backend=backend)


@BACKENDS
def test_a_cancelled_leader_hands_over(backend: str) -> None:
    async def crowd() -> None:
        cache, stuck, maker, found = AudioCache(MemoryStore()), Maker(), Maker(), []
        stuck.gate = anyio.Event()
        leading = anyio.CancelScope()

        async def lead() -> None:
            with leading:
                await cache.fetch("a", kind="speak", facts=1, make=stuck)

        async def follow() -> None:
            found.append(await cache.fetch("a", kind="speak", facts=1, make=maker))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lead)
            await until(lambda: stuck.calls == 1)
            for _ in range(63):
                tasks.start_soon(follow)
            await until(lambda: next(iter(cache._flights.values())).n_callers == 64)
            leading.cancel()
        assert (stuck.calls, maker.calls, len(found)) == (1, 1, 63)
        assert cache._flights == {}

    anyio.run(crowd, backend=backend)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():
            await anyio.lowlevel.checkpoint()


@BACKENDS
@pytest.mark.parametrize(
    ("error", "executions"),
    [
        (ProviderUnavailableError("down", provider="p"), 1),
        (RequestRefusedError("odd", provider="p"), 1),
        (AmbiguousOutcomeError("?", provider="p"), 1),
        (MalformedAudioError("noise"), 1),
        (DeadlineExceededError("late"), 4),
        (BudgetExceededError("poor"), 4),
        (AuthenticationError("wrong key", provider="p"), 4),
        (PermissionRefusedError("weak key", provider="p"), 4),
        (ModelNotFoundError("not for this key", provider="p"), 4),
        (RateLimitedError("busy key", provider="p"), 4),
        (QuotaExhaustedError("empty account", provider="p"), 4),
        (ConfigurationError("no key"), 4),
    ],
)
def test_a_failure_is_that_of_all_but_not_one_of_time_budget_or_key(
    backend: str, error: Exception, executions: int
) -> None:
    async def crowd() -> None:
        cache, maker, caught = AudioCache(MemoryStore()), Maker(error=error), []
        maker.gate = anyio.Event()

        async def ask() -> None:
            with suppress(type(error)):
                await cache.fetch("a", kind="speak", facts=1, make=maker)
            caught.append(1)

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(ask)
            await until(lambda: sum(each.n_callers for each in cache._flights.values()) == 4)
            maker.gate.set()
        assert (maker.calls, len(caught)) == (executions, 4)
        maker.error = None
        assert (await cache.fetch("a", kind="speak", facts=1, make=maker)).origin == "made"

    anyio.run(crowd, backend=backend)


@BACKENDS
def test_who_comes_after_a_failure_tries_anew_while_others_still_hear_of_it(backend: str) -> None:
    async def crowd() -> None:
        cache = AudioCache(MemoryStore())
        failing = Maker(error=ProviderUnavailableError("down", provider="p"))
        failing.gate = anyio.Event()
        key = await cache._key("a", "speak", 1)

        async def fail() -> None:
            with pytest.raises(ProviderUnavailableError):
                await cache.fetch("a", kind="speak", facts=1, make=failing)

        async with cache._flight("a", key) as old, anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(fail)
            await until(lambda: old.n_callers == 4)
            failing.gate.set()
            await until(lambda: old.failure is not None)
            found = await cache.fetch("a", kind="speak", facts=1, make=Maker())
            assert found.origin == "made"
        assert cache._flights == {}

    anyio.run(crowd, backend=backend)


def test_two_event_loops_do_not_hinder_each_other() -> None:
    cache = AudioCache(MemoryStore())
    maker = Maker()

    async def outer() -> None:
        async def make() -> Cacheable:
            await anyio.to_thread.run_sync(lambda: fetch(cache, maker))
            return Cacheable(document="{}", value=b"outer")

        assert (await cache.fetch("a", kind="speak", facts=1, make=make)).value == b"outer"

    anyio.run(outer)
    assert maker.calls == 1


@pytest.mark.parametrize("value", [b"small", b"large" * 20_000])
def test_a_damaged_entry_is_a_miss_and_is_replaced(tmp_path: Path, value: bytes) -> None:
    with SqliteStore(tmp_path / "store") as store:
        cache, maker = AudioCache(store), Maker(value)
        fetch(cache, maker)
        database = sqlite3.connect(tmp_path / "store" / "ossicle.sqlite3", isolation_level=None)
        database.execute("UPDATE cached SET data = x'00' WHERE data IS NOT NULL")
        database.close()
        for path in (tmp_path / "store" / "blobs").iterdir():
            path.write_bytes(value[:-1] + b"?")
        assert fetch(cache, maker).origin == "made"
        assert fetch(cache, maker).value == value
        assert (cache.figures.damaged, maker.calls) == (1, 2)


@pytest.mark.slow
def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    rng = random.Random(3)
    with SqliteStore(tmp_path / "store", durability="normal") as store:
        cache = AudioCache(store)
        for number in range(200):
            fetch(cache, Maker(rng.randbytes(rng.choice((50, 70_000)))), facts=number)
        for path in (tmp_path / "store" / "blobs").iterdir():
            data = bytearray(path.read_bytes())
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            path.write_bytes(data)
        with store.database.writing() as rows:
            for row, data in rows.execute("SELECT id, data FROM cached").fetchall():
                if data is not None:
                    data = bytearray(data)
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                    rows.execute("UPDATE cached SET data = ? WHERE id = ?", (bytes(data), row))
        for number in range(200):
            assert fetch(cache, Maker(b"again"), facts=number).origin == "made"
        assert cache.figures.damaged == 200


def test_a_pickle_in_a_column_is_bytes_that_do_not_match(tmp_path: Path) -> None:
    bomb = b"cbuiltins\nexec\n(S'raise SystemExit(66)'\ntR."
    with SqliteStore(tmp_path / "store") as store:
        cache = AudioCache(store)
        for column in ("document", "data", "digest"):
            fetch(cache, Maker(), facts=column)
            with store.database.writing() as rows:
                rows.execute(f"UPDATE cached SET {column} = ?", (bomb,))
            assert fetch(cache, Maker(b"again"), facts=column).value == b"again"


class BrokenStore(MemoryStore):
    """Fails at whatever the cache asks."""

    def secret(self, name: str) -> bytes:
        raise StorageError("the disk is full")

    def load_cached(self, tenant: str, key: str) -> None:
        raise StorageError("the disk is full")

    def trim_cached(self, *, max_bytes: int) -> int:
        raise StorageError("the disk is full")


def test_a_fault_of_the_store_never_fails_a_call(caplog: pytest.LogCaptureFixture) -> None:
    cache, maker = AudioCache(BrokenStore()), Maker()
    with caplog.at_level(logging.WARNING):
        assert [fetch(cache, maker).value for _ in range(3)] == [b"made"] * 3
    assert (maker.calls, cache.figures.faults) == (3, 7)
    assert len(caplog.records) == 1


def test_the_size_is_kept_at_every_moment() -> None:
    sizes: list[int] = []

    class Watched(MemoryStore):
        def save_cached(
            self, tenant: str, key: str, *, value: bytes, document: str, lifetime_s: float
        ) -> None:
            super().save_cached(tenant, key, value=value, document=document, lifetime_s=lifetime_s)
            sizes.append(sum(self.measure(each).cached_bytes for each in self.list_tenants()))

    cache = AudioCache(Watched(), max_bytes=1000)
    rng = random.Random(1)
    for number in range(100):
        maker = Maker(rng.randbytes(rng.choice((0, 1, 400, 991, 992, 993))))
        assert fetch(cache, maker, tenant=rng.choice("abc"), facts=number).value == maker.value
    assert max(sizes) == 1000
    assert len(sizes) < 100  # What is larger than the whole cache is not kept.


@pytest.mark.parametrize("in_memory", [True, False])
def test_transcripts_are_bounded_too(tmp_path: Path, in_memory: bool) -> None:
    """They are nothing but a document, which had no size."""
    with MemoryStore() if in_memory else SqliteStore(tmp_path / "store") as store:
        cache = AudioCache(store, max_bytes=1000)
        for number in range(30):
            maker = Maker(b"", document='"' + "w" * 298 + '"')
            assert fetch(cache, maker, facts=number).document == maker.document
            assert store.measure("a").cached_values == min(number + 1, 3)
        assert store.measure("a").cached_bytes == 900


def test_an_expired_result_is_made_anew() -> None:
    clock, maker = ManualClock(), Maker()
    cache = AudioCache(MemoryStore(clock=clock), lifetime_s=10)
    origins = [fetch(cache, maker).origin]
    clock.advance(9)
    origins.append(fetch(cache, maker).origin)
    clock.advance(1)
    origins.append(fetch(cache, maker).origin)
    assert origins == ["made", "stored", "made"]


@pytest.mark.slow
def test_eight_tenants_with_equal_content_never_meet(tmp_path: Path) -> None:
    n_operations = 300
    for store in (MemoryStore(), SqliteStore(tmp_path / "store", durability="normal")):
        with store:
            figures = mingle(store, n_tenants=8, n_operations=n_operations, seed=8)
        assert figures.crossed == 0
        assert figures.hits > n_operations
