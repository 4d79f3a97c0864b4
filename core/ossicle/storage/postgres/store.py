"""A store in a PostgreSQL database: for services that run on several machines."""

from __future__ import annotations

import time
from collections.abc import Callable

from ossicle.storage.naming import check_names
from ossicle.storage.postgres.database import PostgresDatabase
from ossicle.storage.postgres.schema import migrate
from ossicle.storage.tables import TableStore


class PostgresStore(TableStore):
    """A store on a server that many processes and machines share.

    Blobs lie in the database. Writers wait for each other, as they do with `SqliteStore`. What is
    deleted is gone for every query; the bytes in the server's pages, log and backups are in its
    operator's hands.

    Args:
        url: As libpq takes it: `postgresql://user@host/name`. It is never shown.
        namespace: The PostgreSQL schema that holds the tables; made when it is not there.
        busy_timeout_s: How long to wait for other writers and for a connection.
        clock: Tells the time in seconds since 1970.

    Raises:
        DependencyMissingError: The extra `postgres` is not installed.
        SchemaVersionError: A newer ossicle wrote the store.
        StorageError: The server cannot be reached or refuses.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str = "ossicle",
        busy_timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_names(namespace=namespace)
        database = PostgresDatabase(url, namespace=namespace, busy_timeout_s=busy_timeout_s)
        try:
            migrate(database, namespace=namespace)
        except BaseException:
            database.close()
            raise
        super().__init__(database, folder=None, clock=clock)
