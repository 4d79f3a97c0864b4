"""The stores that need no server pass their suite; PostgreSQL's runs where one is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.model_store import ModelStore

from ossicle.storage import MemoryStore, SqliteStore, Store
from ossicle_testing.conformance import StoreConformance


class TestMemoryStore(StoreConformance):
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return MemoryStore(clock=clock)


class TestSqliteStore(StoreConformance):
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return SqliteStore(folder, clock=clock)


class TestModelStore(StoreConformance):
    """What other tests hold the stores against is right itself."""

    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return ModelStore(clock=clock)
