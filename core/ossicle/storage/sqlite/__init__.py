"""The default store, on SQLite and files."""

from ossicle.storage.sqlite.database import Durability
from ossicle.storage.sqlite.store import SqliteStore

__all__ = ["Durability", "SqliteStore"]
