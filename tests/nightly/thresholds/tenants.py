"""Tenants with equal content on one store: `python -m tests.nightly.thresholds.tenants`.

Eight tenants ask for the same few results, in any order, while tenants are deleted and results
expire and make room; then bits are flipped in what is stored; then a tenant with planted markers
is deleted. Prints one JSON line; exits 1 when a tenant got what another's call made, when a
flipped bit was not noticed, or when a marker is found in any file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import anyio

from ossicle.errors import StorageCorruptError
from ossicle.storage import AudioCache, Cacheable, Charge, SqliteStore, Store, StoredTurn

_SIZES = (40, 3_000, 65_536, 65_537, 120_000)
N_MARKERS = 64


@dataclass
class Figures:
    """What the run found."""

    operations: int = 0
    hits: int = 0
    crossed: int = 0


def mingle(store: Store, *, n_tenants: int, n_operations: int, seed: int) -> Figures:
    """Let each tenant do so many operations."""
    rng, figures = random.Random(seed), Figures()
    cache = AudioCache(store, max_bytes=60_000)

    async def ask(tenant: str, facts: int) -> None:
        async def make() -> Cacheable:
            # The facts are the same for all; only what is made tells for whom.
            return Cacheable(document="{}", value=tenant.encode() * 30)

        found = await cache.fetch(tenant, kind="speak", facts=facts, make=make)
        figures.hits += found.origin == "stored"
        figures.crossed += found.value != tenant.encode() * 30

    async def work() -> None:
        for _ in range(n_tenants * n_operations):
            tenant, facts = f"tenant {rng.randrange(n_tenants)}", rng.randrange(30)
            if rng.random() < 0.005:
                store.delete_tenant(tenant)
            await ask(tenant, facts)
            figures.operations += 1

    anyio.run(work)
    return figures


def flip(folder: Path, *, n_flips: int, seed: int) -> int:
    """How many of so many flipped bits are noticed, one in each stored value.

    Half of them are blobs, half cached values; rows and files, texts and bytes.
    """
    rng = random.Random(seed)
    digests = []
    with SqliteStore(folder, durability="normal") as store:
        for number in range(n_flips):
            data = number.to_bytes(4) + rng.randbytes(rng.choice(_SIZES))
            if number % 2:
                digests.append(store.put_blob("a", data))
            else:
                store.save_cached("a", str(number), value=data, document="{}", lifetime_s=1e6)
    for path in (folder / "blobs").iterdir():
        path.write_bytes(_flipped(path.read_bytes(), rng))
    with closing(sqlite3.connect(folder / "ossicle.sqlite3")) as database, database:
        for table in ("blobs", "cached"):
            columns = ("data",) if table == "blobs" else ("data", "document")
            known = database.execute(
                f"SELECT id, {', '.join(columns)} FROM {table} WHERE data IS NOT NULL"
            ).fetchall()
            for row, *values in known:
                place = rng.randrange(len(columns))
                changed = _flipped(values[place], rng)
                database.execute(
                    f"UPDATE {table} SET {columns[place]} = ? WHERE id = ?", (changed, row)
                )
    with SqliteStore(folder) as store:
        blobs = sum(_is_noticed(lambda d=digest: store.read_blob("a", d)) for digest in digests)
        keys = range(0, n_flips, 2)
        return blobs + sum(
            _is_noticed(lambda k=key: store.load_cached("a", str(k))) for key in keys
        )


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _is_noticed(read: object) -> bool:
    assert callable(read)
    try:
        read()
    except StorageCorruptError:
        return True
    return False


def marker(number: int) -> bytes:
    """What no store holds by chance."""
    return b"<marker:" + hashlib.sha256(str(number).encode()).hexdigest().encode() + b">"


def found_markers(folder: Path) -> int:
    """How many markers a byte search finds in any file: log, free pages and blobs included."""
    texts = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(any(marker(number) in text for text in texts) for number in range(N_MARKERS))


def plant(store: Store, tenant: str, *, rng: random.Random) -> None:
    """Put each marker somewhere: texts, small and large blobs, cached values, charges."""
    store.save_conversation(tenant, "c", document=marker(0).decode())
    for number in range(1, N_MARKERS):
        text = marker(number)
        data = text + rng.randbytes(rng.choice(_SIZES))
        if number % 4 == 0:
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            turn = StoredTurn(index=number, document="[]", blobs=(digest,))
            store.save_turn(tenant, "c", turn=turn, new_blobs=[data])
        elif number % 4 == 1:
            store.save_turn(tenant, "c", turn=StoredTurn(index=number, document=text.decode() * 9))
        elif number % 4 == 2:
            store.save_cached(tenant, f"k{number}", value=data, document="{}", lifetime_s=1e6)
        else:
            name = text.decode()
            store.append_charge(tenant, Charge(charge_id=name, at=0.0, provider="p", model=name))


def main(arguments: list[str] | None = None) -> int:
    """Run it and print its figures; 0 when nothing escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=5000, help="of each tenant")
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        with SqliteStore(folder, durability="normal") as store:
            figures = mingle(store, n_tenants=8, n_operations=options.operations, seed=options.seed)
            plant(store, "marked", rng=random.Random(options.seed))
            n_planted = found_markers(folder)
            store.delete_tenant("marked")
            n_left = found_markers(folder)
        n_noticed = flip(Path(name) / "flipped", n_flips=options.flips, seed=options.seed)
    line = {
        "tenants": 8,
        **vars(figures),
        "flips": options.flips,
        "flips_noticed": n_noticed,
        "markers_planted": n_planted,
        "markers_left": n_left,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(line))  # noqa: T201
    is_clean = n_noticed == options.flips and n_planted == N_MARKERS and not n_left
    return 0 if is_clean and not figures.crossed else 1


if __name__ == "__main__":
    sys.exit(main())
