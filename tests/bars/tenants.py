"""Tenants with equal content on one cache: `python -m tests.bars.tenants --operations 5000`.

Eight tenants ask for the same few results, in any order, while tenants are deleted and results
expire and make room. Prints one JSON line; exits 1 when a tenant got what another's call made.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import anyio

from ossicle.storage import AudioCache, Cacheable, SqliteStore, Store


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


def main(arguments: list[str] | None = None) -> int:
    """Run it and print its figures; 0 when no tenant met another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=5000, help="of each tenant")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteStore(Path(folder) / "store", durability="normal") as store,
    ):
        figures = mingle(store, n_tenants=8, n_operations=options.operations, seed=options.seed)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"tenants": 8, **vars(figures), "seconds": seconds}))  # noqa: T201
    return 1 if figures.crossed else 0


if __name__ == "__main__":
    sys.exit(main())
