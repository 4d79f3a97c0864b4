"""A store in a PostgreSQL database: for services that run on several machines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ossicle.storage.postgres.database import PostgresDatabase
from ossicle.storage.postgres.schema import create_tables
from ossicle.storage.tables import Files, TableStore
from ossicle.storage.tables.blob_url import check_place, open_url
from ossicle.storage.tables.store import secret
from ossicle.storage.validation import check_names


class PostgresStore(TableStore):
    """A store on a server that many processes and machines share.

    Writers wait for each other, as they do with `SqliteStore`. What is deleted is gone for every
    query; the bytes in the server's pages, log and backups are in its operator's hands. What a
    crash left at a place of blobs is deleted by `clean`, not by opening: a long list shall not
    hold up every start of every machine.

    Args:
        url: As libpq takes it: `postgresql://user@host/name`. It is never shown.
        namespace: The PostgreSQL schema that holds the tables; made when it is not there.
        blobs: Where blobs above 64 KiB lie, as a URL that fsspec takes; `None`: in the database.
        blob_options: For fsspec, such as the endpoint of `s3://`; never shown.
        busy_timeout_s: How long to wait for other writers and for a connection.
        clock: Tells the time in seconds since 1970.

    Raises:
        ConfigurationError: `blobs` is no URL.
        DependencyMissingError: The extra `postgres`, or what `blobs` needs, is not installed.
        SchemaVersionError: A newer ossicle wrote the store.
        StorageError: The server or the place of the blobs cannot be reached or refuses.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str = "ossicle",
        blobs: str | None = None,
        blob_options: Mapping[str, object] | None = None,
        busy_timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_names(namespace=namespace)
        database = PostgresDatabase(url, namespace=namespace, busy_timeout_s=busy_timeout_s)
        try:
            create_tables(database, namespace=namespace)
            place = None
            if blobs is not None:
                names = secret(database, "file names")
                place = open_url(blobs, options=blob_options or {}, files=Files(), secret=names)
            check_place(database, place)
        except BaseException:
            database.close()
            raise
        super().__init__(database, folder=place, clock=clock)
