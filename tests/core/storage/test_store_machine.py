"""Any order of calls, two openings of one store, time and crashes: it is what its model says."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.model_store import ModelStore
from tests.profiles import machine

from ossicle.errors import StorageError
from ossicle.storage import SqliteStore, StoredTurn
from ossicle.storage.validation import digest_of
from ossicle_testing.vendors import ManualClock

tenants = st.sampled_from(["a", "b"])
names = st.sampled_from(["c", "d"])
indexes = st.integers(0, 4)
BLOBS = (b"", b"1", b"2" * 1000, b"3" * 70_000, b"4" * 70_001)
blobs = st.integers(0, len(BLOBS) - 1)
spans = st.sampled_from([1.0, 59.0, 1800.0, 3600.0, 90_000.0])


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.folder = Path(tempfile.mkdtemp()) / "store"
        self.model = ModelStore(clock=self.clock)
        self.store = SqliteStore(self.folder, clock=self.clock)
        self.other = SqliteStore(self.folder, clock=self.clock)

    def teardown(self) -> None:
        self.store.close()
        self.other.close()
        shutil.rmtree(self.folder.parent)

    def same(self, method: str, *values: object, **named: object) -> None:
        """Both answer alike, or refuse alike."""
        answers = []
        for store in (self.model, self.store):
            try:
                answers.append(getattr(store, method)(*values, **named))
            except StorageError as error:
                answers.append(type(error))
        assert answers[0] == answers[1]

    @rule(tenant=tenants, data=blobs)
    def put(self, tenant: str, data: int) -> None:
        self.same("put_blob", tenant, BLOBS[data])

    @rule(tenant=tenants, data=blobs)
    def read(self, tenant: str, data: int) -> None:
        self.same("read_blob", tenant, digest_of(BLOBS[data]))

    @rule(tenant=tenants, data=blobs)
    def delete_blob(self, tenant: str, data: int) -> None:
        self.same("delete_blob", tenant, digest_of(BLOBS[data]))

    @rule(tenant=tenants, name=names, revision=st.none() | st.integers(0, 3))
    def save(self, tenant: str, name: str, revision: int | None) -> None:
        self.same("save_conversation", tenant, name, document=f"{revision}", revision=revision)

    @rule(
        tenant=tenants,
        name=names,
        index=indexes,
        data=st.lists(blobs, max_size=3),
        n_new=st.integers(0, 3),
        revision=st.none() | st.integers(0, 3),
        keep_s=st.none() | spans,
    )
    def save_turn(
        self,
        tenant: str,
        name: str,
        index: int,
        data: list[int],
        n_new: int,
        revision: int | None,
        keep_s: float | None,
    ) -> None:
        turn = StoredTurn(
            index=index,
            document=f"[{n_new}]",
            blobs=tuple(digest_of(BLOBS[each]) for each in data),
            blobs_until=None if keep_s is None else self.clock() + keep_s,
        )
        self.same(
            "save_turn",
            tenant,
            name,
            turn=turn,
            new_blobs=[BLOBS[each] for each in data[:n_new]],
            revision=revision,
        )

    @rule(tenant=tenants, name=names, start=indexes)
    def delete_turns(self, tenant: str, name: str, start: int) -> None:
        self.same("delete_turns", tenant, name, start=start)

    @rule(tenant=tenants, name=names)
    def delete_conversation(self, tenant: str, name: str) -> None:
        self.same("delete_conversation", tenant, name)

    # Never an empty value: what trimming leaves must not depend on which of two values is older,
    # for the time of use is kept coarsely.
    @rule(
        tenant=tenants,
        key=names,
        value=st.integers(1, len(BLOBS) - 1),
        document=st.sampled_from(["{}", '"é"']),
        lifetime_s=spans,
    )
    def cache(self, tenant: str, key: str, value: int, document: str, lifetime_s: float) -> None:
        self.same(
            "save_cached", tenant, key, value=BLOBS[value], document=document, lifetime_s=lifetime_s
        )

    @rule(tenant=tenants, key=names)
    def load_cached(self, tenant: str, key: str) -> None:
        self.same("load_cached", tenant, key)

    @rule(tenant=tenants, key=names)
    def delete_cached(self, tenant: str, key: str) -> None:
        self.same("delete_cached", tenant, key)

    @rule()
    def trim(self) -> None:
        self.same("trim_cached", max_bytes=0)

    @rule()
    def clean(self) -> None:
        self.same("clean")

    @rule(tenant=tenants)
    def delete_tenant(self, tenant: str) -> None:
        self.same("delete_tenant", tenant)

    @rule(span_s=spans)
    def wait(self, span_s: float) -> None:
        self.clock.advance(span_s)

    @rule()
    def set_the_clock_back(self) -> None:
        self.clock.advance(-1000)

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = SqliteStore(self.folder, clock=self.clock)

    @rule()
    def swap(self) -> None:
        self.store, self.other = self.other, self.store

    @rule()
    def crash_left_files(self) -> None:
        (self.folder / "blobs" / ("f" * 64)).write_bytes(b"left")
        (self.folder / "blobs" / f".{'f' * 16}.part").write_bytes(b"left")
        self.open_again()
        assert not (self.folder / "blobs" / ("f" * 64)).exists()

    @invariant()
    def both_hold_the_same(self) -> None:
        self.same("list_tenants")
        for tenant in ("a", "b"):
            self.same("measure", tenant)
            self.same("list_conversations", tenant)
            for name in ("c", "d"):
                self.same("load_conversation", tenant, name)


TestStoreMachine = pytest.mark.timeout(1800)(StoreMachine.TestCase)
TestStoreMachine.settings = machine(ci=(300, 50))
