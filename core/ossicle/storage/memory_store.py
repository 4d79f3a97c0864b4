"""A store in memory: for tests, and for applications that want nothing written down."""

from __future__ import annotations

import time
from collections.abc import Callable

from ossicle.storage.sqlite.database import MemoryDatabase
from ossicle.storage.sqlite.schema import create_tables
from ossicle.storage.tables.store import TableStore


class MemoryStore(TableStore):
    """Keeps everything in this process until it is closed: the same tables, in no file.

    Args:
        clock: Tells the time in seconds since 1970.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        database = MemoryDatabase()
        create_tables(database)
        super().__init__(database, folder=None, clock=clock)
