"""What every store must do, as tests that the author of a store runs against it."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from ossicle.errors import (
    ConfigurationError,
    FileAccessError,
    NotStoredError,
    StorageConflictError,
    StorageError,
)
from ossicle.messages import Usage
from ossicle.storage import UNCLAIMED_S, Charge, Store, StoredTurn, TenantSize
from ossicle_testing.conformance.suite import Conformance, check
from ossicle_testing.vendors.clock import ManualClock

_LARGE = bytes(range(256)) * 1024
"""256 KiB: above any size up to which a store may treat blobs as small."""
_NO_DIGEST = "sha256:" + "0" * 64


class StoreConformance(Conformance, is_part=True):
    """Derive from this, implement `open_store`, and pytest runs the rest.

    Example:
        class TestMyStore(StoreConformance):
            def open_store(self, folder, clock):
                return MyStore(folder, clock=clock)
    """

    kind = "store"

    @abstractmethod
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        """An empty store; it may put files into the folder, and must ask this clock."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        """The store's clock."""
        return ManualClock()

    @pytest.fixture
    def store(self, tmp_path: Path, clock: ManualClock) -> Store:
        """The store under test."""
        return self.open_store(tmp_path / "store", clock)

    @pytest.fixture(autouse=True)
    def _subject(self, store: Store) -> Iterator[None]:
        self.draft.describe(type(store).__name__, type(store))
        yield
        store.close()

    @check("gives blobs back as they were, under one digest")
    @pytest.mark.parametrize("data", [b"", b"\0", b"small", _LARGE])
    def test_a_blob_comes_back_as_it_was(self, store: Store, data: bytes, tmp_path: Path) -> None:
        """From memory and from a file, under one digest."""
        path = tmp_path / "source"
        path.write_bytes(data)
        digest = store.put_blob("a", data)
        assert store.put_blob("a", path) == digest
        assert store.measure("a") == TenantSize(blobs=1, blob_bytes=len(data))
        assert store.read_blob("a", digest) == data
        with closing(store.open_blob("a", digest)) as file:
            assert file.seek(1) == 1
            assert file.read() == data[1:]

    @check("refuses a file that cannot be read")
    def test_a_file_that_cannot_be_read_is_refused(self, store: Store, tmp_path: Path) -> None:
        """With the error for files."""
        with pytest.raises(FileAccessError):
            store.put_blob("a", tmp_path / "missing")

    @check("keeps tenants apart, also with equal content and equal names")
    def test_tenants_are_apart(self, store: Store) -> None:
        """Equal content and equal names: no tenant reaches another's, nor deletes it."""
        digest = store.put_blob("a", _LARGE)
        store.save_conversation("a", "c", document="{}")
        store.save_cached("a", "k", value=b"v", document="{}", lifetime_s=9)
        assert not store.has_blob("b", digest)
        assert store.load_cached("b", "k") is None
        assert not store.delete_conversation("b", "c")
        assert not store.delete_cached("b", "k")
        assert not store.delete_blob("b", digest)
        for call in (
            lambda: store.open_blob("b", digest),
            lambda: store.load_conversation("b", "c"),
            lambda: store.save_turn("b", "c", turn=StoredTurn(index=0, document="{}")),
        ):
            with pytest.raises(NotStoredError):
                call()
        assert store.put_blob("b", _LARGE) == digest
        store.delete_tenant("b")
        assert store.read_blob("a", digest) == _LARGE
        assert store.list_tenants() == ("a",)

    @check("takes any short text as a name, and no two names as one")
    @pytest.mark.parametrize(
        "name", ["../x", "a/b", "é", "e\u0301", "A", "a", "CON", " ", "\u202e"]
    )
    def test_any_short_text_is_a_name(self, store: Store, name: str) -> None:
        """And no two names are one."""
        store.save_conversation(name, name, document=name)
        store.save_conversation("other", "other", document="{}")
        assert store.load_conversation(name, name).document == name
        assert store.list_tenants() == tuple(sorted([name, "other"]))

    @check("refuses names that are empty, too long or no text")
    @pytest.mark.parametrize("name", ["", "\0", "x" * 257, "\udc80"])
    def test_a_bad_name_is_refused(self, store: Store, name: str) -> None:
        """As tenant, id and key."""
        for call in (
            lambda: store.put_blob(name, b""),
            lambda: store.save_conversation("a", name, document="{}"),
            lambda: store.load_cached("a", name),
            lambda: store.delete_tenant(name),
        ):
            with pytest.raises(ConfigurationError):
                call()
        with pytest.raises(ConfigurationError):
            store.has_blob("a", name)

    @check("gives turns back in order with their blobs")
    def test_turns_come_back_in_order_with_their_blobs(
        self, store: Store, clock: ManualClock
    ) -> None:
        """Whatever the order of writing; blobs keep theirs, also when one is named twice."""
        small = store.put_blob("a", b"small")
        first = store.save_conversation("a", "c", document='{"é": 1}', revision=0)
        clock.advance(1)
        large = store.put_blob("a", _LARGE)
        store.delete_blob("a", large)
        turn = StoredTurn(index=7, document="[7]", blobs=(large, small, large), blobs_until=2e6)
        second = store.save_turn("a", "c", turn=turn, new_blobs=[_LARGE], revision=first)
        third = store.save_turn("a", "c", turn=StoredTurn(index=2, document="[2]"), revision=second)
        stored = store.load_conversation("a", "c")
        assert (second, third) == (first + 1, second + 1)  # By which a lost answer is looked up.
        assert stored.revision == third
        assert stored.turns == (StoredTurn(index=2, document="[2]"), turn)
        assert stored.document == '{"é": 1}'
        assert (stored.created_at, stored.updated_at) == (clock() - 1, clock())
        assert store.read_blob("a", large) == _LARGE

    @check("writes a turn whole or not at all")
    def test_a_turn_is_written_whole_or_not_at_all(self, store: Store) -> None:
        """A missing blob, a strange one or another revision leaves everything as it was."""
        revision = store.save_conversation("a", "c", document="{}")
        digest = store.put_blob("a", b"x")
        store.delete_blob("a", digest)
        bad = StoredTurn(index=0, document="[]", blobs=(digest, _NO_DIGEST))
        with pytest.raises(NotStoredError):
            store.save_turn("a", "c", turn=bad, new_blobs=[b"x"])
        with pytest.raises(ConfigurationError):
            store.save_turn("a", "c", turn=StoredTurn(index=0, document="[]"), new_blobs=[b"x"])
        good = StoredTurn(index=0, document="[]", blobs=(digest,))
        with pytest.raises(StorageConflictError):
            store.save_turn("a", "c", turn=good, new_blobs=[b"x"], revision=revision + 1)
        assert store.load_conversation("a", "c").revision == revision
        two = [good, bad.model_copy(update={"index": 1})]
        for name in ("c", "new"):
            with pytest.raises(NotStoredError):
                store.save_conversation("a", name, document="{}", turns=two, new_blobs=[b"x"])
        assert store.measure("a") == TenantSize(conversations=1)
        two = [good, good.model_copy(update={"index": 1})]
        store.save_conversation("a", "new", document="{}", turns=two, new_blobs=[b"x"], revision=0)
        assert list(store.load_conversation("a", "new").turns) == two

    @check("notices a second writer by the revision")
    def test_a_second_writer_is_noticed(self, store: Store) -> None:
        """By the revision that it did not see."""
        with pytest.raises(NotStoredError):
            store.save_conversation("a", "c", document="{}", revision=1)
        revision = store.save_conversation("a", "c", document="1", revision=0)
        assert store.save_conversation("a", "c", document="2", revision=revision) > revision
        for stale in (0, revision):
            with pytest.raises(StorageConflictError):
                store.save_conversation("a", "c", document="3", revision=stale)
            with pytest.raises(StorageConflictError):
                store.delete_turns("a", "c", start=0, revision=stale)
        assert store.load_conversation("a", "c").document == "2"

    @check("keeps blobs as long as something needs them")
    def test_blobs_live_as_long_as_something_needs_them(self, store: Store) -> None:
        """Two conversations share one; replacing and deleting turns lets go of it."""
        digest = store.put_blob("a", _LARGE)
        for name in ("c", "d"):
            store.save_conversation("a", name, document="{}")
            store.save_turn("a", name, turn=StoredTurn(index=0, document="{}", blobs=(digest,)))
            store.save_turn("a", name, turn=StoredTurn(index=1, document="{}", blobs=(digest,)))
        store.delete_turns("a", "c", start=1)
        store.save_turn("a", "c", turn=StoredTurn(index=0, document="{}"))
        assert store.has_blob("a", digest)
        assert store.delete_conversation("a", "d")
        assert not store.has_blob("a", digest)
        assert not store.delete_conversation("a", "d")
        assert [each.index for each in store.load_conversation("a", "c").turns] == [0]

    @check("gives an unclaimed blob its time")
    def test_an_unclaimed_blob_has_its_time(self, store: Store, clock: ManualClock) -> None:
        """Cleaning takes it only afterwards; a claimed one stays."""
        store.save_conversation("a", "c", document="{}")
        kept, lost = store.put_blob("a", b"kept"), store.put_blob("a", b"lost")
        store.save_turn("a", "c", turn=StoredTurn(index=0, document="{}", blobs=(kept,)))
        clock.advance(UNCLAIMED_S - 1)
        assert store.clean().blobs == 0
        clock.advance(1)
        report = store.clean()
        assert (report.blobs, report.n_bytes) == (1, 4)
        assert (store.has_blob("a", kept), store.has_blob("a", lost)) == (True, False)

    @check("keeps a blob that was put again for its new claim")
    def test_a_blob_put_again_waits_for_its_new_claim(self, store: Store) -> None:
        """Although the turn that had claimed it goes."""
        store.save_conversation("a", "c", document="{}")
        digest = store.put_blob("a", b"x")
        store.save_turn("a", "c", turn=StoredTurn(index=0, document="{}", blobs=(digest,)))
        store.put_blob("a", b"x")
        store.delete_conversation("a", "c")
        assert store.has_blob("a", digest)

    @check("lets blobs of a turn go when their time is over")
    def test_blobs_of_a_turn_go_when_their_time_is_over(
        self, store: Store, clock: ManualClock
    ) -> None:
        """The turn stays."""
        store.save_conversation("a", "c", document="{}")
        digest = store.put_blob("a", b"x")
        turn = StoredTurn(index=0, document="{}", blobs=(digest,), blobs_until=clock() + 10)
        store.save_turn("a", "c", turn=turn)
        assert store.clean().turns == 0
        clock.advance(10)
        report = store.clean()
        assert (report.turns, report.blobs) == (1, 1)
        assert store.load_conversation("a", "c").turns[0].blobs == ()
        assert not store.has_blob("a", digest)

    @check("disturbs no writer by cleaning or by being looked at")
    def test_cleaning_and_looking_disturb_no_writer(self, store: Store, clock: ManualClock) -> None:
        """The revision stays; the writer learns of the missing blob, and writes without it."""
        digest = store.put_blob("a", b"x")
        turn = StoredTurn(index=0, document="{}", blobs=(digest,), blobs_until=clock() + 10)
        revision = store.save_conversation("a", "c", document="{}", turns=[turn])
        clock.advance(UNCLAIMED_S + 10)
        before = store.load_conversation("a", "c")
        store.list_conversations("a")
        store.measure("a")
        assert store.load_conversation("a", "c") == before
        assert store.clean().turns == 1
        after = store.load_conversation("a", "c")
        assert (after.revision, after.updated_at) == (revision, before.updated_at)
        with pytest.raises(NotStoredError):
            store.save_turn("a", "c", turn=turn, revision=revision)
        bare = turn.model_copy(update={"blobs": (), "blobs_until": None})
        assert store.save_turn("a", "c", turn=bare, revision=revision) == revision + 1
        assert store.load_conversation("a", "c").turns == (bare,)

    @check("refers to a deleted blob no longer")
    def test_a_deleted_blob_is_no_longer_referred_to(self, store: Store) -> None:
        """The turn that needed it stays."""
        store.save_conversation("a", "c", document="{}")
        gone, kept = store.put_blob("a", b"gone"), store.put_blob("a", b"kept")
        store.save_turn("a", "c", turn=StoredTurn(index=0, document="{}", blobs=(gone, kept)))
        assert store.delete_blob("a", gone)
        assert not store.delete_blob("a", gone)
        assert store.load_conversation("a", "c").turns[0].blobs == (kept,)
        with pytest.raises(NotStoredError):
            store.read_blob("a", gone)

    @check("lists what was changed last first")
    def test_lists_last_changed_first(self, store: Store, clock: ManualClock) -> None:
        """With the number of turns."""
        for name in ("x", "y", "z"):
            clock.advance(1)
            store.save_conversation("a", name, document=name)
        clock.advance(1)
        store.save_turn("a", "x", turn=StoredTurn(index=5, document="{}"))
        listed = store.list_conversations("a")
        assert [(each.conversation_id, each.n_turns) for each in listed] == [
            ("x", 1),
            ("z", 0),
            ("y", 0),
        ]
        assert store.list_conversations("b") == ()

    @check("counts charges once and sums them exactly, by day")
    def test_charges_count_once_and_sum_exactly(self, store: Store) -> None:
        """By day in UTC; the end of the range is outside."""
        first = Charge(
            charge_id="1",
            at=86_399.0,
            provider="p",
            model="m",
            amount=Decimal("0.1"),
            usage=Usage(input_tokens=3),
        )
        second = first.model_copy(
            update={"charge_id": "2", "at": 86_400.0, "amount": Decimal("0.2")}
        )
        third = second.model_copy(update={"charge_id": "3", "amount": None})
        for charge in (third, second, first, first):
            store.append_charge("a", charge)
        assert list(store.list_charges("a")) == [first, second, third]
        sums = store.sum_charges("a")
        assert [(each.day, each.calls, each.amount, each.n_unknown_amounts) for each in sums] == [
            ("1970-01-01", 1, Decimal("0.1"), 0),
            ("1970-01-02", 2, Decimal("0.2"), 1),
        ]
        assert store.sum_charges("a", since=0.0, until=86_400.0) == sums[:1]
        assert store.sum_charges("a", since=86_400.0) == sums[1:]
        assert store.sum_charges("b") == ()
        assert store.measure("a").charges == 3

    @check("gives cached values back exactly until they expire")
    @pytest.mark.parametrize("value", [b"", b"small", _LARGE])
    def test_a_cached_value_is_exact_until_it_expires(
        self, store: Store, clock: ManualClock, value: bytes
    ) -> None:
        """And the last one counts."""
        store.save_cached("a", "k", value=b"old" + value, document="old", lifetime_s=100)
        store.save_cached("a", "k", value=value, document="[1]", lifetime_s=10)
        found = store.load_cached("a", "k")
        assert found is not None
        assert (found.value, found.document) == (value, "[1]")
        assert (found.created_at, found.expires_at) == (clock(), clock() + 10)
        n_bytes = len(value) + len("[1]")
        assert store.measure("a") == TenantSize(cached_values=1, cached_bytes=n_bytes)
        clock.advance(10)
        assert store.load_cached("a", "k") is None
        report = store.clean()
        assert (report.cached_values, report.n_bytes) == (1, n_bytes)
        assert store.measure("a") == TenantSize()

    @check("trims the cache by what was used last")
    def test_trimming_keeps_what_was_used_last(self, store: Store, clock: ManualClock) -> None:
        """Of all tenants; expired values go first."""
        for tenant, key, lifetime_s in (("a", "1", 9e9), ("b", "2", 9e9), ("a", "3", 9e9)):
            store.save_cached(tenant, key, value=_LARGE, document="{}", lifetime_s=lifetime_s)
            clock.advance(3600)
        store.save_cached("a", "expired", value=b"x", document="{}", lifetime_s=1)
        clock.advance(3600)
        assert store.load_cached("a", "1") is not None
        n_bytes = len(_LARGE) + len("{}")
        assert store.trim_cached(max_bytes=3 * n_bytes) == 1
        assert store.trim_cached(max_bytes=2 * n_bytes) == 1
        assert store.load_cached("b", "2") is None
        assert store.load_cached("a", "1") is not None
        assert store.trim_cached(max_bytes=0) == 2
        assert store.list_tenants() == ()

    @check("counts documents in the size of the cache")
    def test_documents_count_in_the_size_of_the_cache(self, store: Store) -> None:
        """A transcript is nothing else; bytes in UTF-8, not characters."""
        document = '"' + 499 * "é" + '"'  # 1000 bytes
        for number in range(10):
            store.save_cached("a", f"{number}", value=b"", document=document, lifetime_s=9)
        assert store.measure("a") == TenantSize(cached_values=10, cached_bytes=10_000)
        assert store.trim_cached(max_bytes=3_500) == 7
        assert store.measure("a") == TenantSize(cached_values=3, cached_bytes=3_000)

    @check("leaves nothing of a deleted tenant")
    def test_a_deleted_tenant_leaves_nothing(self, store: Store) -> None:
        """And can come back."""
        store.save_conversation("a", "c", document="{}")
        store.save_turn(
            "a", "c", turn=StoredTurn(index=0, document="{}", blobs=(store.put_blob("a", _LARGE),))
        )
        store.append_charge("a", Charge(charge_id="1", at=0.0, provider="p", model="m"))
        store.save_cached("a", "k", value=_LARGE, document="{}", lifetime_s=9)
        store.delete_tenant("a")
        assert store.measure("a") == TenantSize()
        assert store.list_tenants() == ()
        store.delete_tenant("a")
        assert store.save_conversation("a", "c", document="{}", revision=0) == 1

    @check("keeps a secret, one for each name")
    def test_a_secret_stays_the_same(self, store: Store) -> None:
        """And is another under another name."""
        first = store.secret("x")
        assert len(first) == 32
        assert store.secret("x") == first
        assert store.secret("y") != first

    @check("loses no turn of several threads")
    def test_threads_lose_no_turn(self, store: Store) -> None:
        """Four threads write to one conversation at once."""
        store.save_conversation("a", "c", document="{}")

        def write(first: int) -> None:
            for index in range(first, 20, 4):
                data = _LARGE + bytes([index % 3])
                digest = store.put_blob("a", data)
                turn = StoredTurn(index=index, document=f"[{index}]", blobs=(digest,))
                store.save_turn("a", "c", turn=turn)

        threads = [threading.Thread(target=write, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stored = store.load_conversation("a", "c")
        assert [turn.document for turn in stored.turns] == [f"[{index}]" for index in range(20)]
        assert stored.revision == 21
        assert store.measure("a").blobs == 3

    @check("says that it is closed, and may be closed twice")
    def test_a_closed_store_says_so(self, store: Store) -> None:
        """And closing twice is harmless."""
        store.close()
        store.close()
        with pytest.raises(StorageError):
            store.list_tenants()
        with pytest.raises(StorageError):
            store.put_blob("a", b"")
