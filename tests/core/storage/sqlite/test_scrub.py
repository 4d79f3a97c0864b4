"""After a deletion no byte is left in any file of the store: log and free pages included."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ossicle.errors import StorageError
from ossicle.storage import Charge, SqliteStore, Store, Turn

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
            turn = Turn(index=number, document="[]", blobs=(digest,))
            store.save_turn(tenant, "c", turn=turn, new_blobs=[data])
        elif kind == 1:
            long = text.decode() + "x" * rng.choice(SIZES)
            store.save_turn(tenant, "c", turn=Turn(index=number, document=long))
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
            store.save_turn(name, "c", turn=Turn(index=number, document=text))
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


def test_a_reader_in_the_way_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with SqliteStore(folder, busy_timeout_s=0.05) as store:
        store.save_conversation("a", "c", document=marker(0).decode())
        reader = sqlite3.connect(folder / "ossicle.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM conversations").fetchall()
        with pytest.raises(StorageError) as caught:
            store.delete_conversation("a", "c")
        assert caught.value.retryable
        assert store.list_conversations("a") == ()
        reader.close()
        store.clean()
        assert found(folder) == set()
