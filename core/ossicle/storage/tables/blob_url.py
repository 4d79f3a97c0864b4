"""Which place of blobs a URL means; each store has a folder of its own there."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ossicle.errors import ConfigurationError, StorageError
from ossicle.storage.tables.blob_backend import BlobBackend, hidden_name
from ossicle.storage.tables.blob_folder import BlobFolder, file_error
from ossicle.storage.tables.connection import TableDatabase
from ossicle.storage.tables.files import Files
from ossicle.storage.tables.remote_folder import RemoteFolder

_FILE = "file://"
_ANY_FILE = (
    "SELECT 1 FROM blobs WHERE file IS NOT NULL"
    " UNION ALL SELECT 1 FROM cached WHERE file IS NOT NULL LIMIT 1"
)


def own_folder(secret: bytes) -> str:
    """Name of the folder that a store with this secret has at every place.

    Two stores at one place therefore never take each other's blobs for left-overs, and the
    blobs of a database that was put aside stay where they are.
    """
    return hidden_name(secret, "place")[:32]


def open_url(
    url: str, *, options: Mapping[str, object], files: Files, secret: bytes
) -> BlobBackend:
    """The place that a URL means: a folder of this machine, or what fsspec reaches.

    Raises:
        ConfigurationError: The URL names no place.
        DependencyMissingError: What this kind of URL needs is not installed.
        StorageError: The place cannot be reached.
    """
    if "://" not in url:
        raise ConfigurationError(
            "the place of the blobs is no URL", fix="Write it as file:///folder or s3://bucket."
        )
    place = own_folder(secret)
    if not url.startswith(_FILE):
        return RemoteFolder(url, options=options, secret=secret, place=place)
    path = _path(url)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return BlobFolder(path / place, files=files, secret=secret)
    except OSError as error:
        raise file_error("cannot make the folder of blobs", error) from error


def discard_url(url: str, *, options: Mapping[str, object], place: str) -> None:
    """Delete a store's folder at a place, with every blob in it.

    Raises:
        StorageError: It cannot be deleted.
    """
    if not url.startswith(_FILE):
        RemoteFolder(url, options=options, secret=b"", place=place).discard()
        return
    try:
        shutil.rmtree(_path(url) / place)
    except FileNotFoundError:
        return
    except OSError as error:
        raise file_error("cannot delete the blobs", error) from error


def check_place(database: TableDatabase, place: BlobBackend | None) -> None:
    """Refuse a place that has none of the blobs that the rows name.

    Raises:
        StorageError: The store's blobs are elsewhere.
    """
    with database.reading() as rows:
        has_files = rows.execute(_ANY_FILE).fetchone() is not None
    if has_files and (place is None or not place.names()):
        raise blobs_elsewhere()


def blobs_elsewhere() -> StorageError:
    """The error for a store whose large blobs are not where it was told to look."""
    return StorageError(
        "the store's large blobs are at another place",
        fix="Open it with the place it was made with, or copy the blobs to this one.",
    )


def _path(url: str) -> Path:
    path = Path(url.removeprefix(_FILE))
    if not path.is_absolute():
        raise ConfigurationError(
            "the place of the blobs is no absolute path", fix="Write it as file:///folder."
        )
    return path
