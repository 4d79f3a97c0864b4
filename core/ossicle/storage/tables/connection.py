"""What the tables of a store ask of a database; SQLite's own connection is such rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Cursor(Protocol):
    """The rows that a statement found."""

    def fetchone(self) -> Any:
        """The next row, or `None`."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""
        ...


class Connection(Protocol):
    """The rows of all tables in a transaction; values stand for question marks."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run a statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each tuple of values."""


class TableDatabase(Protocol):
    """A database that holds the tables of a store. Its methods raise `StorageError`."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one moment of the database."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that excludes all other writers; undone when the block raises."""
        ...

    def scrub(self) -> None:
        """Leave no byte of what was deleted, as far as that is in the database's hands."""

    def close(self) -> None:
        """Release the database; twice is harmless."""
