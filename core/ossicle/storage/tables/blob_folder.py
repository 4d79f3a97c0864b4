"""A folder of files, each written whole and named without telling whose or what it is."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import BinaryIO

from ossicle.errors import NotStoredError, StorageCorruptError, StorageError
from ossicle.storage.tables.blob_backend import OWN_NAME, hidden_name
from ossicle.storage.tables.files import Files, write_whole

_PIECE_BYTES = 1 << 20


class BlobFolder:
    """Files under names that only the store's own secret yields.

    Args:
        path: The folder; made when it is not there.
        files: The file operations.
        secret: Of this store; without it names tell nothing.
    """

    def __init__(self, path: Path, *, files: Files, secret: bytes) -> None:
        self._path = path
        self._files = files
        self._secret = secret
        if path.is_symlink() or not path.is_dir():
            files.make_folder(path)

    def name(self, *facts: str) -> str:
        """The file name for these facts; different facts never share one."""
        return hidden_name(self._secret, *facts)

    def write(self, name: str, data: bytes) -> None:
        """Put a file in place, on the disk when this returns.

        Raises:
            StorageError: The folder is full or not writable.
        """
        try:
            write_whole(self._files, self._path / name, data)
        except OSError as error:
            raise file_error("cannot write a blob", error) from error

    def open(self, name: str, digest: str) -> BinaryIO:
        """A file object over a file that was read once and matches its digest.

        Raises:
            NotStoredError: There is no such file.
            StorageCorruptError: It does not match.
        """
        try:
            file = os.fdopen(self._files.open(self._path / name), "rb")
        except FileNotFoundError as error:
            raise NotStoredError("the file of a blob is gone", fix="Store it again.") from error
        except OSError as error:
            raise file_error("cannot open a blob", error) from error
        try:
            found = hashlib.sha256()
            while piece := file.read(_PIECE_BYTES):
                found.update(piece)
            file.seek(0)
        except OSError as error:
            file.close()
            raise file_error("cannot read a blob", error) from error
        if f"sha256:{found.hexdigest()}" != digest:
            file.close()
            raise damaged()
        return file

    def holds(self, name: str, digest: str) -> bool:
        """Whether a file is there and whole."""
        try:
            self.open(name, digest).close()
        except (NotStoredError, StorageCorruptError):
            return False
        return True

    def unlink(self, name: str) -> None:
        """Delete a file.

        Raises:
            StorageError: The folder is not writable.
        """
        try:
            self._files.unlink(self._path / name)
            self._files.reached("file deleted")
        except OSError as error:
            raise file_error("cannot delete a blob", error) from error

    def names(self) -> set[str]:
        """All own files, temporary ones too.

        Raises:
            StorageError: The folder cannot be listed.
        """
        try:
            with os.scandir(self._path) as entries:
                return {entry.name for entry in entries if OWN_NAME.fullmatch(entry.name)}
        except OSError as error:
            raise file_error("cannot list the blobs", error) from error

    def close(self) -> None:
        """Nothing is held between calls."""


def open_inline(data: bytes, digest: str) -> BinaryIO:
    """A file object over bytes from the database that match their digest.

    Raises:
        StorageCorruptError: They do not.
    """
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise damaged()
    return io.BytesIO(data)


def damaged() -> StorageCorruptError:
    """The error for a blob whose bytes are not what was stored."""
    return StorageCorruptError(
        "a stored blob does not match its digest", fix="Delete it and store it again."
    )


def file_error(what: str, error: OSError) -> StorageError:
    """The error for a failed file operation, without the path."""
    reason = error.strerror or "the operation failed"
    return StorageError(
        f"{what}: {reason}", fix="Check that the store's folder is there, is yours and has room."
    )
