"""What the store's torture tests do to a store, and how they compare it with its model."""

from __future__ import annotations

import functools
import hashlib
import random
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ossicle.errors import NotStoredError
from ossicle.storage import Charge, Store, StoredTurn

TENANTS = ("a", "b")
CONVERSATIONS = ("c", "d", "e")
KEYS = ("k", "l", "m")
SIZES = (10, 5_000, 65_536, 65_537, 150_000)
KINDS = (
    "put_blob",
    "save_conversation",
    "save_turn",
    "save_turn",
    "save_turn",
    "delete_blob",
    "delete_turns",
    "delete_conversation",
    "append_charge",
    "save_cached",
    "save_cached",
    "delete_cached",
    "trim_cached",
    "clean",
    "delete_tenant",
)
NOW = 1_000_000.0


def clock() -> float:
    """The time at which everything happens: nothing expires."""
    return NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of a store; everything else follows from its number."""

    kind: str
    number: int

    def apply(self, store: Store) -> None:
        """Do it; what is not there is left alone."""
        rng = random.Random(self.number)
        tenant, name = rng.choice(TENANTS), rng.choice(CONVERSATIONS)
        index, key = rng.randrange(6), rng.choice(KEYS)
        data = content(rng.randrange(12))
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        with suppress(NotStoredError):
            match self.kind:
                case "put_blob":
                    store.put_blob(tenant, data)
                case "save_conversation":
                    store.save_conversation(tenant, name, document=f"[{self.number}]")
                case "save_turn":
                    turn = StoredTurn(index=index, document=f"[{self.number}]", blobs=(digest,))
                    store.save_turn(tenant, name, turn=turn, new_blobs=[data])
                case "delete_blob":
                    store.delete_blob(tenant, digest)
                case "delete_turns":
                    store.delete_turns(tenant, name, start=index)
                case "delete_conversation":
                    store.delete_conversation(tenant, name)
                case "append_charge":
                    charge = Charge(charge_id=str(self.number), at=NOW, provider="p", model="m")
                    store.append_charge(tenant, charge)
                case "save_cached":
                    store.save_cached(
                        tenant, key, value=data, document=f"[{self.number}]", lifetime_s=1e6
                    )
                case "delete_cached":
                    store.delete_cached(tenant, key)
                case "trim_cached":
                    store.trim_cached(max_bytes=0)
                case "clean":
                    store.clean()
                case "delete_tenant":
                    store.delete_tenant(tenant)
                case kind:
                    raise AssertionError(kind)


@functools.cache
def content(number: int) -> bytes:
    """The bytes of a blob; few different ones, so that many share them."""
    return random.Random(f"blob {number}").randbytes(SIZES[number % len(SIZES)])


def dump(store: Store) -> dict[str, object]:
    """Everything that a store tells, each blob read and checked."""
    state: dict[str, object] = {"tenants": store.list_tenants()}
    for tenant in TENANTS:
        state[f"{tenant} size"] = store.measure(tenant)
        state[f"{tenant} charges"] = store.sum_charges(tenant)
        for summary in store.list_conversations(tenant):
            stored = store.load_conversation(tenant, summary.conversation_id)
            state[f"{tenant} conversation {summary.conversation_id}"] = stored
        for number in range(12):
            with suppress(NotStoredError):
                data = content(number)
                digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
                state[f"{tenant} blob {number}"] = store.read_blob(tenant, digest) == data
        for key in KEYS:
            state[f"{tenant} cached {key}"] = store.load_cached(tenant, key)
    return state


def orphans(folder: Path) -> int:
    """How many files of blobs no row names, and rows name no file."""
    database = sqlite3.connect(folder / "ossicle.sqlite3")
    try:
        found = database.execute("SELECT file FROM blobs UNION ALL SELECT file FROM cached")
        named = {name for (name,) in found if name is not None}
    finally:
        database.close()
    return len(named ^ {path.name for path in (folder / "blobs").iterdir()})
