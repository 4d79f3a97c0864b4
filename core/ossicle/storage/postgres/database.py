"""One connection to PostgreSQL: transactions, typed errors, and a new connection after a loss."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ossicle.errors import DependencyMissingError, StorageError
from ossicle.storage.tables import Cursor

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x6F737369
"""Writers of a store wait for each other at this advisory lock, as they do in SQLite: rules such
as "delete a blob that no turn needs" then need no thought about what others do meanwhile."""


class PostgresRows:
    """A transaction of PostgreSQL that takes the statements written for SQLite."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run a statement; question marks stand for values."""
        return self._connection.execute(_translate(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> None:
        """Run a statement for each tuple of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_translate(sql), parameters)


class PostgresDatabase:
    """A connection that threads share, one transaction at a time.

    Args:
        url: As libpq takes it: `postgresql://user@host/name`. It is never shown.
        namespace: Name of the PostgreSQL schema that holds the tables.
        busy_timeout_s: How long to wait for other writers and for a connection.

    Raises:
        DependencyMissingError: The extra `postgres` is not installed.
        StorageError: The server cannot be reached or refuses.
    """

    def __init__(self, url: str, *, namespace: str, busy_timeout_s: float) -> None:
        self._url = url
        self._namespace = namespace
        self._busy_timeout_s = busy_timeout_s
        self._lock = threading.RLock()
        self._process_id = os.getpid()
        self._is_closed = False
        with translated():
            self._connection = self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        from psycopg import Connection, sql

        connection = Connection.connect(
            self._url, autocommit=True, connect_timeout=max(2, round(self._busy_timeout_s))
        )
        name = sql.Identifier(self._namespace)
        timeout_ms = sql.Literal(round(1000 * self._busy_timeout_s))
        connection.execute(sql.SQL("SET lock_timeout = {}").format(timeout_ms))
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("SET search_path TO {}").format(name))
        return connection

    def _usable(self) -> psycopg.Connection[Any]:
        if self._is_closed:
            raise StorageError("the store is closed", fix="Open a new one.")
        if os.getpid() != self._process_id:
            raise StorageError(
                "the store was opened before this process was forked",
                fix="Open a new store in each process.",
            )
        if self._connection.closed:  # The server went away during an earlier call.
            self._connection = self._connect()
        return self._connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[PostgresRows]:
        """A transaction that sees one moment of the database."""
        with self._transaction("REPEATABLE READ READ ONLY") as connection:
            yield PostgresRows(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[PostgresRows]:
        """A transaction that excludes all other writers; undone when the block raises."""
        # Not REPEATABLE READ: it would see the moment before it waited for the lock.
        with self._transaction("READ COMMITTED") as connection:
            connection.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, self._namespace)
            )
            yield PostgresRows(connection)

    @contextlib.contextmanager
    def _transaction(self, kind: str) -> Iterator[psycopg.Connection[Any]]:
        with self._lock, translated():
            connection = self._usable()
            with connection.transaction():
                connection.execute(f"SET TRANSACTION ISOLATION LEVEL {kind}".encode())
                yield connection

    def scrub(self) -> None:
        """Give the room of what was deleted back to the server.

        Its pages, its log and its backups keep old bytes for a while: that is for its operator.
        """
        with self._lock, translated():
            self._usable().execute("VACUUM blobs, conversations, turns, charges, cached, balances")

    def close(self) -> None:
        """Close the connection; twice is harmless."""
        with self._lock:
            if not self._is_closed and os.getpid() == self._process_id:
                self._connection.close()
            self._is_closed = True


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise typed errors for those of psycopg, without the address or any value."""
    try:
        import psycopg
    except ImportError as error:
        raise DependencyMissingError(
            "PostgreSQL needs the package psycopg", package="psycopg", extra="postgres"
        ) from error
    try:
        yield
    except psycopg.Error as error:
        kind = error.sqlstate or type(error).__name__
        failure = StorageError(
            f"the PostgreSQL server failed or refused ({kind})",
            fix="Check its address, its rights and that it runs.",
        )
        failure.retryable = isinstance(error, psycopg.OperationalError)
        # Not `from error`: its text holds the address or values of the statement.
        raise failure from None


def _translate(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()
