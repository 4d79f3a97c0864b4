"""The default store: one folder with an SQLite database and files for large blobs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ossicle.storage.sqlite.database import Durability
from ossicle.storage.sqlite.opening import (
    BLOBS,
    QUARANTINE,
    default_folder,
    open_database,
    opening_alone,
    prepare_folder,
)
from ossicle.storage.tables.blob_folder import BlobFolder, file_error
from ossicle.storage.tables.files import Files
from ossicle.storage.tables.store import TableStore, secret


class SqliteStore(TableStore):
    """A store in one folder; several processes may share it, each with a store of its own.

    Opening checks the database, puts a malformed one aside (see `quarantined`), brings an older
    one to the present version and deletes what a crash left behind. What `put_blob` and
    `save_turn` get is read into memory whole.

    Args:
        folder: A new, an empty or a known one; `None`: the platform's place for data.
        durability: `full`: on the disk when a method returns. `normal`, for caches: a power
            failure may take the last moments.
        busy_timeout_s: How long to wait for other processes.
        clock: Tells the time in seconds since 1970.
        files: The file operations.

    Attributes:
        folder: Where everything is.
        database: For what shall live in the same database, such as `TableLedger`.

    Raises:
        SchemaVersionError: A newer ossicle wrote the store.
        StorageError: The folder cannot be used.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        durability: Durability = "full",
        busy_timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
        files: Files | None = None,
    ) -> None:
        self.folder = (folder or default_folder()).absolute()
        files = files or Files()
        prepare_folder(self.folder, files=files)
        with opening_alone(self.folder, timeout_s=busy_timeout_s):
            database = open_database(
                self.folder, files=files, durability=durability, busy_timeout_s=busy_timeout_s
            )
            try:
                names = secret(database, "file names")
                blobs = _open_blobs(self.folder / BLOBS, files=files, secret=names)
                super().__init__(database, folder=blobs, clock=clock)
                self._blobs.sweep()
            except BaseException:
                database.close()
                raise

    @property
    def quarantined(self) -> tuple[Path, ...]:
        """Folders of malformed databases that were put aside, with their blobs."""
        return tuple(sorted(self.folder.glob(f"{QUARANTINE}*")))

    def discard_quarantined(self) -> None:
        """Delete what was put aside: no deletion of a tenant or conversation reaches into it.

        Raises:
            StorageError: It cannot be deleted.
        """
        for folder in self.quarantined:
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise file_error("cannot delete a malformed database", error) from error


def _open_blobs(path: Path, *, files: Files, secret: bytes) -> BlobFolder:
    try:
        return BlobFolder(path, files=files, secret=secret)
    except OSError as error:
        raise file_error("cannot make the folder of blobs", error) from error
