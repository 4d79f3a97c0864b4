"""Deletions that leave no byte: what one could not finish is finished by the next."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable

from ossicle.errors import StorageError
from ossicle.storage.tables.blobs import Blobs
from ossicle.storage.tables.connection import Connection, TableDatabase


class Erasure:
    """Removes the bytes of rows that are gone, and remembers in the database that it must.

    Rows go in one transaction; their bytes go from files, free pages and the log after it, which a
    reader, a failing disk or a crash can prevent. A mark that is made in the same transaction as
    the deletion stays until they are gone, whoever removes them.

    Args:
        database: Where the rows were.
        blobs: Whose files go.
    """

    def __init__(self, database: TableDatabase, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def begin(self, rows: Connection) -> str:
        """Note in the transaction of a deletion that its bytes must go; the mark."""
        mark = secrets.token_hex(8)
        rows.execute("INSERT INTO erasures (mark) VALUES (?)", (mark,))
        return mark

    def finish(self, mark: str | None = None, names: Iterable[str] = ()) -> None:
        """Remove the bytes of every deletion that still waits for it.

        Args:
            mark: Of the deletion that was just committed; `None`: there was nothing to delete.
            names: Of that deletion's files.

        Raises:
            StorageError: Bytes may still be there; the same again removes them.
        """
        with self._database.reading() as rows:
            marks = {found for (found,) in rows.execute("SELECT mark FROM erasures")}
        if not marks:
            return
        self._blobs.unlink(names)
        if marks - {mark}:  # One that was cut short; which files were its own nobody knows.
            self._blobs.sweep()
        self._database.scrub()
        # Others' marks that were made meanwhile stay: their rows may have gone after the rewriting.
        with contextlib.suppress(StorageError), self._database.writing() as rows:
            rows.executemany("DELETE FROM erasures WHERE mark = ?", [(one,) for one in marks])
