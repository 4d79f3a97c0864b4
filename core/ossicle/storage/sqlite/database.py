"""One SQLite database: transactions, typed errors, and deletion that leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from ossicle.errors import OssicleError, StorageCorruptError, StorageError
from ossicle.storage.tables.files import Files

Durability = Literal["full", "normal"]
"""`full`: on the disk when a method returns. `normal`: a power failure may take the last moments,
never the database; a crash of the process takes nothing."""

PAUSE_S = 0.005
"""Between two tries where SQLite or the system does not wait by itself."""


class Database:
    """A connection that threads share, one transaction at a time.

    Args:
        path: The file, which must exist.
        files: Told at each step of a transaction.
        durability: How much a power failure may take.
        busy_timeout_s: How long to wait for another process.

    Raises:
        StorageCorruptError: It is no database.
        StorageError: It cannot be opened, or its disk cannot hold a write-ahead log.
    """

    def __init__(
        self, path: Path, *, files: Files, durability: Durability, busy_timeout_s: float
    ) -> None:
        self._path = path
        self._files = files
        self._lock = threading.RLock()
        self._busy_timeout_s = busy_timeout_s
        self._process_id = os.getpid()
        with translated():
            self._connection: sqlite3.Connection | None = sqlite3.connect(
                path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
            )
        self._identity = self._look()
        try:
            self._configure(durability)
        except BaseException:
            self._connection.close()
            raise

    def _configure(self, durability: Durability) -> None:
        with translated():
            mode = self._patiently(
                lambda: self._usable().execute("PRAGMA journal_mode = WAL").fetchone()[0]
            )
            if mode != "wal":
                raise StorageError(
                    f"the disk does not allow a write-ahead log (journal mode {mode!r})",
                    fix="Put the store on a local disk.",
                )
            for pragma in (
                f"synchronous = {durability.upper()}",
                "foreign_keys = ON",
                "secure_delete = ON",
                "trusted_schema = OFF",
            ):
                self._usable().execute(f"PRAGMA {pragma}")

    def _patiently(self, ask: Callable[[], str]) -> str:
        """SQLite does not wait by itself while another process switches the journal mode."""
        end = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                return ask()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > end:
                    raise
                time.sleep(PAUSE_S)

    def _usable(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StorageError("the store is closed", fix="Open a new one.")
        if os.getpid() != self._process_id:
            raise StorageError(
                "the store was opened before this process was forked",
                fix="Open a new store in each process.",
            )
        return self._connection

    def _look(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _check_place(self) -> None:
        # SQLite goes on writing into a file that was deleted, and nobody would find it again.
        if self._look() != self._identity:
            raise StorageError(
                "the store's files were deleted or moved while it was open",
                fix="Open the store again.",
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one moment of the database."""
        with self._lock, translated():
            connection = self._usable()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that excludes all other writers; undone when the block raises."""
        with self._lock, translated():
            connection = self._usable()
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._check_place()
                self._files.reached("transaction begun")
                yield connection
                self._files.reached("rows written")
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors, such as a full disk.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._files.reached("committed")

    def scrub(self) -> None:
        """Rewrite the database and empty its log, so that nothing deleted is in any file.

        Raises:
            StorageError: Another process read or wrote for too long; what was deleted is deleted,
                but its bytes may still be there.
        """
        with self._lock, translated():
            connection = self._usable()
            connection.execute("VACUUM")
            self._files.reached("rewritten")
            end = time.monotonic() + self._busy_timeout_s
            while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] != 0:
                if time.monotonic() > end:
                    raise busy("the deleted bytes could not be removed from the log yet")
                time.sleep(PAUSE_S)
            self._files.reached("log emptied")

    def close(self) -> None:
        """Close the connection; twice is harmless."""
        with self._lock:
            if self._connection is not None and os.getpid() == self._process_id:
                with translated():
                    self._connection.close()
            self._connection = None


class MemoryDatabase(Database):
    """A database of one process, in no file."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"), files=Files(), durability="normal", busy_timeout_s=0.0)

    def _configure(self, durability: Durability) -> None:
        with translated():
            for pragma in ("foreign_keys = ON", "trusted_schema = OFF"):
                self._usable().execute(f"PRAGMA {pragma}")

    def _look(self) -> None:
        return None


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise typed errors for those of SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        raise _typed(error) from error


def _typed(error: sqlite3.Error) -> OssicleError:
    # Errors of the module itself, such as the use of a closed connection, have no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageCorruptError("the store's database is malformed", fix="Open the store again.")
    if _is_busy(error):
        return busy("another process keeps the store busy")
    if code == sqlite3.SQLITE_FULL:
        return StorageError("the store's disk is full", fix="Make room on the disk.")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StorageError(
        f"the store's database failed ({name})",
        fix="Check that the store's folder is there, is yours and has room.",
    )


def _is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def busy(what: str) -> StorageError:
    """The error for another process in the way: the same call may succeed later."""
    error = StorageError(what, fix="Try again.")
    error.retryable = True
    return error
