"""A folder of blobs on any file system that fsspec reaches: object stores, servers, shares."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from ossicle.errors import (
    DependencyMissingError,
    NotStoredError,
    StorageCorruptError,
    StorageError,
)
from ossicle.storage.tables.blob_backend import OWN_NAME, hidden_name
from ossicle.storage.tables.blob_folder import open_inline

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

T = TypeVar("T")
Reached = tuple["AbstractFileSystem", str]
"""A file system and the path that the URL means on it."""


class RemoteFolder:
    """Blobs under a URL, in a folder that belongs to one store alone.

    Whatever fails is tried once more over a new connection: each operation may be repeated.

    Args:
        url: As fsspec takes it, such as `s3://bucket/voices`. It is never shown.
        options: For the file system, such as its endpoint. They are never shown.
        secret: Of the store; names are made with it.
        place: Name of the store's folder.

    Raises:
        DependencyMissingError: fsspec, or the package for this kind of URL, is not installed.
        StorageError: The place cannot be reached.
    """

    def __init__(
        self, url: str, *, options: Mapping[str, object], secret: bytes, place: str
    ) -> None:
        self._url = url
        self._options = dict(options)
        self._secret = secret
        self._place = place
        self._lock = threading.RLock()
        self._reached: Reached | None = None
        self._do("cannot reach the place of the blobs", _make_folder)

    def name(self, *facts: str) -> str:
        """The name for these facts; different facts never share one."""
        return hidden_name(self._secret, *facts)

    def write(self, name: str, data: bytes) -> None:
        """Put bytes in place, whole; how safely they then lie is the service's matter.

        Raises:
            StorageError: They could not be written.
        """
        try:
            self._do("cannot write a blob", lambda system, folder: _put(system, folder, name, data))
        except NotStoredError:
            raise StorageError(
                "cannot write a blob: its place is gone", fix="Make the bucket or folder again."
            ) from None

    def open(self, name: str, digest: str) -> BinaryIO:
        """A file object over the bytes, which match their digest.

        Raises:
            NotStoredError: There is nothing under this name.
            StorageCorruptError: They do not match.
            StorageError: They could not be read.
        """

        def read(system: AbstractFileSystem, folder: str) -> bytes:
            data: Any = system.cat_file(f"{folder}/{name}")
            return bytes(data)

        return open_inline(self._do("cannot read a blob", read), digest)

    def holds(self, name: str, digest: str) -> bool:
        """Whether there are such bytes, whole."""
        try:
            self.open(name, digest).close()
        except (NotStoredError, StorageCorruptError):
            return False
        return True

    def unlink(self, name: str) -> None:
        """Delete what is under a name; nothing there counts as deleted.

        Raises:
            StorageError: It could not be deleted.
        """
        with contextlib.suppress(NotStoredError):
            self._do(
                "cannot delete a blob", lambda system, folder: _delete(system, f"{folder}/{name}")
            )

    def names(self) -> set[str]:
        """All own names that are in use, those of unfinished writes too.

        Raises:
            StorageError: The place cannot be listed.
        """
        try:
            paths = self._do(
                "cannot list the blobs", lambda system, folder: system.ls(folder, detail=False)
            )
        except NotStoredError:  # An object store has no empty folders.
            return set()
        names = {path.rstrip("/").rpartition("/")[2] for path in paths}
        return {name for name in names if OWN_NAME.fullmatch(name)}

    def discard(self) -> None:
        """Delete the store's folder with all blobs.

        Raises:
            StorageError: It could not be deleted.
        """
        with contextlib.suppress(NotStoredError):
            self._do(
                "cannot delete the blobs", lambda system, folder: system.rm(folder, recursive=True)
            )

    def close(self) -> None:
        """Let go of the connection; a later call makes a new one."""
        with self._lock:
            self._reached = None

    def _do(self, what: str, action: Callable[[AbstractFileSystem, str], T]) -> T:
        """Let a file system do something; `NotStoredError` when there is no such file."""
        try:
            return self._try(action)
        except DependencyMissingError:
            raise
        except Exception:  # noqa: BLE001 - file systems share no type of error; see below
            self.close()
        try:
            return self._try(action)
        except FileNotFoundError:
            raise NotStoredError("the file of a blob is gone", fix="Store it again.") from None
        except Exception as error:  # noqa: BLE001 - recorded by its type in what is raised
            self.close()
            raise _failed(what, error) from None

    def _try(self, action: Callable[[AbstractFileSystem, str], T]) -> T:
        with self._lock:
            if self._reached is None:
                self._reached = _reach(self._url, self._options)
            system, root = self._reached
            system.invalidate_cache()
            folder = f"{root.rstrip('/')}/{self._place}"
            if not system.async_impl:  # Such as one FTP connection: one request at a time.
                return action(system, folder)
        return action(system, folder)


def _reach(url: str, options: Mapping[str, object]) -> Reached:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise DependencyMissingError(
            "blobs at a URL need the package fsspec", package="fsspec", extra="fsspec"
        ) from error
    try:
        # An instance of our own: a shared one would share its cached listings and connection.
        system, root = url_to_fs(url, skip_instance_cache=True, **options)
    except ImportError as error:
        raise DependencyMissingError(
            "fsspec needs another package for this kind of URL",
            package=error.name or "of this file system",
            fix="Install what fsspec's documentation names for it, such as s3fs for s3://.",
        ) from error
    return system, root


def _make_folder(system: AbstractFileSystem, folder: str) -> None:
    if not system.exists(folder):
        system.makedirs(folder, exist_ok=True)


def _put(system: AbstractFileSystem, folder: str, name: str, data: bytes) -> None:
    from fsspec import AbstractFileSystem

    if type(system).mv is AbstractFileSystem.mv:
        # No renaming of its own: an object store, which takes an object whole or not at all.
        system.pipe_file(f"{folder}/{name}", data)
        return
    part = f"{folder}/.{secrets.token_hex(8)}.part"
    target = f"{folder}/{name}"
    system.pipe_file(part, data)
    try:
        system.mv(part, target)
    except Exception:  # noqa: BLE001 - some servers do not rename onto a file that is there
        _delete(system, target)
        system.mv(part, target)


def _delete(system: AbstractFileSystem, path: str) -> None:
    try:
        system.rm_file(path)
    except Exception:
        if system.exists(path):
            raise


def _failed(what: str, error: Exception) -> StorageError:
    # Not the error's own text, nor the error as its cause: both may hold the URL and its keys.
    failure = StorageError(
        f"{what}: the file system failed ({type(error).__name__})",
        fix="Check the URL, its rights, its room and that its server runs.",
    )
    failure.retryable = isinstance(error, (ConnectionError, TimeoutError, EOFError))
    return failure
