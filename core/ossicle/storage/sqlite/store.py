"""The default store: one folder with an SQLite database and files for large blobs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ossicle.storage.sqlite.database import Durability
from ossicle.storage.sqlite.opening import (
    BLOBS,
    PLACE,
    QUARANTINE,
    default_folder,
    open_database,
    opening_alone,
    prepare_folder,
    write_place,
)
from ossicle.storage.tables.blob_backend import BlobBackend
from ossicle.storage.tables.blob_folder import BlobFolder, file_error
from ossicle.storage.tables.blob_url import (
    blobs_elsewhere,
    check_place,
    discard_url,
    open_url,
    own_folder,
)
from ossicle.storage.tables.connection import TableDatabase
from ossicle.storage.tables.files import Files
from ossicle.storage.tables.store import TableStore, secret


class SqliteStore(TableStore):
    """A store in one folder; several processes may share it, each with a store of its own.

    Opening checks the database, puts a malformed one aside (see `quarantined`) and deletes what a
    crash left behind. What `put_blob` and
    `save_turn` get is read into memory whole.

    Args:
        folder: A new, an empty or a known one; `None`: the platform's place for data.
        blobs: Where blobs above 64 KiB lie, as a URL that fsspec takes; `None`: in the folder.
        blob_options: For fsspec, such as the endpoint of `s3://`; never shown.
        durability: `full`: on the disk when a method returns. `normal`, for caches: a power
            failure may take the last moments.
        busy_timeout_s: How long to wait for other processes.
        clock: Tells the time in seconds since 1970.
        files: The file operations.

    Attributes:
        folder: Where everything is.
        database: For what shall live in the same database, such as `TableLedger`.

    Raises:
        ConfigurationError: `blobs` is no URL.
        DependencyMissingError: What `blobs` needs is not installed.
        SchemaVersionError: Another version of ossicle wrote the store.
        StorageError: The folder or the place of the blobs cannot be used.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        blobs: str | None = None,
        blob_options: Mapping[str, object] | None = None,
        durability: Durability = "full",
        busy_timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
        files: Files | None = None,
    ) -> None:
        self.folder = (default_folder() if folder is None else Path(folder)).absolute()
        files = files or Files()
        self._blob_url, self._blob_options = blobs, dict(blob_options or {})
        prepare_folder(self.folder, files=files)
        with opening_alone(self.folder, timeout_s=busy_timeout_s):
            database = open_database(
                self.folder, files=files, durability=durability, busy_timeout_s=busy_timeout_s
            )
            try:
                names = secret(database, "file names")
                place = self._open_place(database, files=files, secret=names)
                super().__init__(database, folder=place, clock=clock)
                self._blobs.sweep()
            except BaseException:
                database.close()
                raise

    def _open_place(self, database: TableDatabase, *, files: Files, secret: bytes) -> BlobBackend:
        here, mark = self.folder / BLOBS, self.folder / PLACE
        if self._blob_url is None:
            if mark.exists():
                raise blobs_elsewhere()
            return _open_folder(here, files=files, secret=secret)
        if here.exists() and any(here.iterdir()):
            raise blobs_elsewhere()
        place = open_url(self._blob_url, options=self._blob_options, files=files, secret=secret)
        check_place(database, place)
        write_place(mark, own_folder(secret))
        return place

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
                if (folder / PLACE).exists():
                    if self._blob_url is None:
                        raise blobs_elsewhere()
                    place = (folder / PLACE).read_text(encoding="ascii")
                    discard_url(self._blob_url, options=self._blob_options, place=place)
                shutil.rmtree(folder)
            except OSError as error:
                raise file_error("cannot delete a malformed database", error) from error


def _open_folder(path: Path, *, files: Files, secret: bytes) -> BlobFolder:
    try:
        return BlobFolder(path, files=files, secret=secret)
    except OSError as error:
        raise file_error("cannot make the folder of blobs", error) from error
