"""Any order of calls, damage, crashes, faults and clocks: the exact bytes, or a miss."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.nightly.thresholds.operations import orphans
from tests.profiles import machine

from ossicle.storage import AudioCache, Cacheable, SqliteStore
from ossicle.storage.tables import Files
from ossicle_testing.vendors import ManualClock

LIFETIME_S = 100.0
MAX_BYTES = 150_000
SIZES = (0, 10, 70_000, 90_000)
CRASHING = 70_000
tenants = st.sampled_from(["a", "b"])
facts = st.integers(0, 3)


class Crash(BaseException):
    """The process ends here."""


class FragileFiles(Files):
    """At the n-th step from now the disk is full, or the process ends."""

    def __init__(self) -> None:
        self.left = 0
        self.error: BaseException | None = None

    def write(self, handle: int, data: bytes | memoryview) -> int:
        self.reached("write")
        return super().write(handle, data)

    def unlink(self, path: Path) -> None:
        # Who has ended cleans nothing up; whose disk is full does.
        if not (isinstance(self.error, Crash) and self.left <= 0):
            super().unlink(path)

    def reached(self, point: str) -> None:
        if isinstance(self.error, Crash) or (self.error is not None and point == "write"):
            self.left -= 1
            if self.left <= 0:
                raise self.error


class CacheMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock, self.files = ManualClock(), FragileFiles()
        self.folder = Path(tempfile.mkdtemp()) / "store"
        self.stores = [self.open(), self.open()]
        self.made: dict[tuple[str, int], tuple[bytes, float]] = {}
        self.n_made = 0

    def open(self) -> SqliteStore:
        return SqliteStore(
            self.folder, clock=self.clock, files=self.files, durability="normal", busy_timeout_s=1
        )

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder.parent)

    def ask(self, tenant: str, fact: int, size: int) -> None:
        """What comes back was made now, or was the last that was made for this tenant."""
        self.n_made += 1
        fresh = f"{tenant} {fact} {self.n_made} ".encode().ljust(size, b".")

        async def make() -> Cacheable:
            return Cacheable(document="{}", value=fresh)

        async def fetch() -> None:
            cache = AudioCache(self.stores[0], max_bytes=MAX_BYTES, lifetime_s=LIFETIME_S)
            found = await cache.fetch(tenant, kind="speak", facts=fact, make=make)
            if found.origin == "made":
                assert found.value == fresh
                self.made[tenant, fact] = fresh, self.clock() + LIFETIME_S
            else:
                value, until = self.made[tenant, fact]
                assert found.value == value
                assert self.clock() < until

        anyio.run(fetch)

    @rule(tenant=tenants, fact=facts, size=st.sampled_from(SIZES))
    def get_or_put(self, tenant: str, fact: int, size: int) -> None:
        self.ask(tenant, fact, size)

    @rule(tenant=tenants)
    def clear_tenant(self, tenant: str) -> None:
        self.stores[0].delete_tenant(tenant)

    @rule(max_bytes=st.sampled_from([0, 80_000]))
    def evict(self, max_bytes: int) -> None:
        self.stores[0].trim_cached(max_bytes=max_bytes)
        assert self.size() <= max_bytes

    @rule(span_s=st.sampled_from([1.0, LIFETIME_S, 1e9, -50.0]))
    def move_the_clock(self, span_s: float) -> None:
        self.clock.set(max(0.0, self.clock() + span_s))

    @rule()
    def take_the_other_store(self) -> None:
        self.stores.reverse()

    @rule(place=st.integers(0, 2**32))
    def flip_a_bit(self, place: int) -> None:
        paths = sorted((self.folder / "blobs").iterdir())
        if paths:
            data = bytearray(paths[place % len(paths)].read_bytes())
            data[place % len(data)] ^= 1 << place % 8
            paths[place % len(paths)].write_bytes(data)

    @rule(tenant=tenants, fact=facts, size=st.sampled_from(SIZES), left=st.integers(1, 2))
    def disk_is_full(self, tenant: str, fact: int, size: int, left: int) -> None:
        self.files.left = left
        self.files.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            self.ask(tenant, fact, size)
        finally:
            self.files.error = None

    @rule(tenant=tenants, fact=facts, left=st.integers(1, 12))
    def crash(self, tenant: str, fact: int, left: int) -> None:
        value, until = f"{tenant} {fact} crash".encode().ljust(CRASHING), self.clock() + 50
        before = self.stores[0].list_tenants()
        self.files.left, self.files.error = left, Crash()
        try:
            self.stores[0].save_cached(tenant, "k", value=value, document="{}", lifetime_s=50)
        except Crash:
            pass
        finally:
            self.files.error = None
        assert set(before) <= {*self.stores[0].list_tenants(), tenant}, until
        self.open_again()

    @rule()
    def open_again(self) -> None:
        for store in self.stores:
            store.close()
        self.stores = [self.open(), self.open()]
        assert orphans(self.folder) == 0
        with closing(sqlite3.connect(self.folder / "ossicle.sqlite3")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def size(self) -> int:
        return sum(self.stores[0].measure(tenant).cached_bytes for tenant in ("a", "b"))

    @invariant()
    def the_size_is_kept(self) -> None:
        # What `crash` saves for either tenant goes past the cache, which would make room first.
        assert self.size() <= MAX_BYTES + 2 * CRASHING


TestCacheMachine = pytest.mark.timeout(1800)(CacheMachine.TestCase)
TestCacheMachine.settings = machine(ci=(500, 50), long=(10_000, 100), quick=(25, 20))
