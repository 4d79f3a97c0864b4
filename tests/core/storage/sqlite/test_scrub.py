"""After a deletion no byte is left in any file of the store: log and free pages included."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ossicle.errors import StorageError
from ossicle.storage import Charge, SqliteStore, Store, StoredTurn
from ossicle.storage.tables import Files

N_MARKERS = 64
SIZES = (40, 3000, 60_000, 65_537, 200_000)


def marker(number: int) -> bytes:
    return b"<marker:" + hashlib.sha256(str(number).encode()).hexdigest().encode() + b">"


def found(folder: Path) -> set[int]:
    """The markers that a byte search finds in any file."""
    texts = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {number for number in range(N_MARKERS) if any(marker(number) in text for text in texts)}


def plant(store: Store, tenant: str, *, rng: random.Random) -> None:
    """Put each marker somewhere: texts, small and large blobs, cached values, charges."""
    store.save_conversation(tenant, "c", document=marker(0).decode())
    for number in range(1, N_MARKERS):
        text = marker(number)
        data = text + rng.randbytes(rng.choice(SIZES))
        kind = number % 4
        if kind == 0:
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            turn = StoredTurn(index=number, document="[]", blobs=(digest,))
            store.save_turn(tenant, "c", turn=turn, new_blobs=[data])
        elif kind == 1:
            long = text.decode() + "x" * rng.choice(SIZES)
            store.save_turn(tenant, "c", turn=StoredTurn(index=number, document=long))
        elif kind == 2:
            store.save_cached(tenant, f"k{number}", value=data, document="{}", lifetime_s=1e6)
        else:
            charge = Charge(charge_id=text.decode(), at=0.0, provider="p", model=text.decode())
            store.append_charge(tenant, charge)


def crowd(store: Store, rng: random.Random) -> None:
    """Other tenants' rows between the markers, some of them deleted again."""
    for name in ("x", "y"):
        store.save_conversation(name, "c", document="{}")
        for number in range(30):
            text = "y" * rng.choice(SIZES[:3])
            store.save_turn(name, "c", turn=StoredTurn(index=number, document=text))
        store.delete_turns(name, "c", start=15)


@pytest.mark.parametrize("seed", range(3))
def test_a_deleted_tenant_leaves_no_byte(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "store"
    with SqliteStore(folder) as store:
        crowd(store, rng)
        plant(store, "a", rng=rng)
        crowd(store, rng)
        assert found(folder) == set(range(N_MARKERS))
        store.delete_tenant("a")
        assert found(folder) == set()
        assert store.list_tenants() == ("x", "y")
    assert found(folder) == set()


@pytest.mark.parametrize(
    "delete",
    [
        lambda store: store.delete_conversation("a", "c"),
        lambda store: (store.delete_turns("a", "c", start=0), store.clean()),
    ],
)
def test_a_deleted_conversation_leaves_no_byte(
    tmp_path: Path, delete: Callable[[Store], object]
) -> None:
    rng = random.Random(7)
    folder = tmp_path / "store"
    with SqliteStore(folder) as store:
        crowd(store, rng)
        plant(store, "a", rng=rng)
        delete(store)
        in_conversation = {number for number in range(1, N_MARKERS) if number % 4 < 2}
        assert found(folder) & in_conversation == set()
        assert len(found(folder)) >= N_MARKERS // 2 - 1  # Charges and cached values stay.


BLOB = marker(1) + bytes(70_000)
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"
DELETIONS: dict[str, Callable[[Store], object]] = {
    "conversation": lambda store: store.delete_conversation("a", "c"),
    "blob": lambda store: store.delete_blob("a", DIGEST),
    "tenant": lambda store: store.delete_tenant("a"),
    "cleaning": lambda store: store.clean(),
}


def put_one(store: Store) -> None:
    """A conversation of one turn whose sound is due, in a file of its own."""
    turn = StoredTurn(index=0, document="[]", blobs=(DIGEST,), blobs_until=0.0)
    document = marker(0).decode()
    store.save_conversation("a", "c", document=document, turns=[turn], new_blobs=[BLOB])


@pytest.mark.parametrize("again", DELETIONS)
@pytest.mark.parametrize("first", DELETIONS)
def test_what_a_reader_in_the_way_left_goes_with_the_next_deletion(
    tmp_path: Path, first: str, again: str
) -> None:
    """The rows were gone, so that the same call again found nothing and did nothing."""
    folder = tmp_path / "store"
    with SqliteStore(folder, busy_timeout_s=0.05) as store:
        put_one(store)
        reader = sqlite3.connect(folder / "ossicle.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM conversations").fetchall()
        with pytest.raises(StorageError) as caught:
            DELETIONS[first](store)
        assert caught.value.retryable
        assert found(folder)
        reader.close()
        with SqliteStore(folder) as other:  # Whoever comes next, in whatever process.
            DELETIONS[again](other)
        left = {0} if {first, again} <= {"blob", "cleaning"} else set()
        assert found(folder) == left
        was_scrubbed = (folder / "ossicle.sqlite3").stat().st_mtime_ns
        assert not store.delete_conversation("a", "unknown")
        assert (folder / "ossicle.sqlite3").stat().st_mtime_ns == was_scrubbed  # Once is enough.


class StuckFiles(Files):
    """Deletes no file for now."""

    is_stuck = False

    def unlink(self, path: Path) -> None:
        if self.is_stuck:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        super().unlink(path)


@pytest.mark.parametrize("name", ["conversation", "blob", "tenant"])
def test_a_file_that_could_not_be_deleted_goes_with_the_next_deletion(
    tmp_path: Path, name: str
) -> None:
    folder, files = tmp_path / "store", StuckFiles()
    with SqliteStore(folder, files=files) as store:
        put_one(store)
        files.is_stuck = True
        with pytest.raises(StorageError):
            DELETIONS[name](store)
        files.is_stuck = False
        assert 1 in found(folder)
        DELETIONS[name](store)
        assert 1 not in found(folder)


def test_a_mark_of_a_deletion_that_came_meanwhile_stays(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with SqliteStore(folder) as store, SqliteStore(folder) as other:
        store.save_conversation("a", "c", document="{}")
        scrub = store.database.scrub

        def scrub_while_another_deletes() -> None:
            scrub()
            with other.database.writing() as rows:
                other._erasure.begin(rows)

        store.database.scrub = scrub_while_another_deletes  # type: ignore[method-assign]
        assert store.delete_conversation("a", "c")
        with store.database.reading() as rows:
            assert rows.execute("SELECT count(*) FROM erasures").fetchone() == (1,)
