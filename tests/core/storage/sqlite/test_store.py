from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ossicle.storage import SqliteStore, Store
from ossicle.testing.store_conformance import StoreConformance


class TestSqliteStore(StoreConformance):
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return SqliteStore(folder, clock=clock)
