from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ossicle.storage import MemoryStore, Store
from ossicle.testing.store_conformance import StoreConformance


class TestMemoryStore(StoreConformance):
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return MemoryStore(clock=clock)
