"""How a store's folder is opened: made private, checked, and a malformed database put aside."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ossicle.errors import StorageCorruptError, StorageError
from ossicle.storage.sqlite.database import PAUSE_S, Database, Durability, busy
from ossicle.storage.sqlite.schema import check_version, create_tables
from ossicle.storage.tables.blob_folder import file_error
from ossicle.storage.tables.files import Files

DATABASE = "ossicle.sqlite3"
BLOBS = "blobs"
QUARANTINE = "quarantine-"
_LOCK = "opening.lock"
PLACE = "blobs.place"
"""A file that names the store's folder where its blobs are elsewhere."""
_ASIDE = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", BLOBS, PLACE)
"""What belongs together; the database first, so that what is left without it belongs aside."""


def default_folder() -> Path:
    """Where this platform keeps the data of applications."""
    from platformdirs import user_data_path

    return user_data_path("ossicle", appauthor=False) / "store"


def is_unused(folder: Path) -> bool:
    """Whether there is nothing where a store would be: opening one there would make it."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return True
    except OSError:
        return False  # Whoever opens it is told what is wrong.


def prepare_folder(folder: Path, *, files: Files) -> None:
    """Make a folder for the owner alone, or see that it is one of ours.

    Raises:
        StorageError: It cannot be made, is not a folder, or holds other things.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            files.make_folder(folder)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise StorageError("the store's folder is a link or a file", fix="Name another folder.")
        names = {path.name for path in folder.iterdir()}
        if names and _LOCK not in names:  # One listing: another process may be making it now.
            raise StorageError(
                "the folder for the store already holds other things",
                fix="Name a new or an empty folder.",
            )
        folder.chmod(0o700)
    except OSError as error:
        raise file_error("cannot use the store's folder", error) from error


@contextlib.contextmanager
def opening_alone(folder: Path, *, timeout_s: float) -> Iterator[None]:
    """Keep other processes from opening the store meanwhile; on Windows they are not kept.

    Raises:
        StorageError: Another process takes too long to open it, or the folder is not writable.
    """
    try:
        handle = os.open(
            folder / _LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600
        )
    except OSError as error:
        raise file_error("cannot lock the store's folder", error) from error
    try:
        _lock(handle, timeout_s)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, timeout_s: float) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    end = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise busy("another process takes too long to open the store") from error
            time.sleep(PAUSE_S)
        except OSError as error:
            raise file_error("cannot lock the store's folder", error) from error
        else:
            return


def open_database(
    folder: Path, *, files: Files, durability: Durability, busy_timeout_s: float
) -> Database:
    """The folder's database in its present version; a malformed one is put aside.

    Raises:
        SchemaVersionError: A newer ossicle wrote it.
        StorageError: It cannot be opened.
    """
    try:
        if not (folder / DATABASE).exists() and any((folder / name).exists() for name in _ASIDE):
            # A crash came while a malformed database was put aside: the rest of it follows. A
            # log would be taken for that of the new database, and blobs would be swept.
            _put_aside(folder)
        return _open(folder, files, durability, busy_timeout_s)
    except StorageCorruptError:
        _put_aside(folder)
        return _open(folder, files, durability, busy_timeout_s)


def _open(folder: Path, files: Files, durability: Durability, busy_timeout_s: float) -> Database:
    path = folder / DATABASE
    try:
        # SQLite gives the log and its index the mode of the database.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise file_error("cannot open the store's database", error) from error
    database = Database(path, files=files, durability=durability, busy_timeout_s=busy_timeout_s)
    try:
        check_version(database)
        with database.reading() as rows:
            verdict = rows.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StorageCorruptError("the store's database is malformed")
        create_tables(database)
    except BaseException:
        database.close()
        raise
    return database


def _put_aside(folder: Path) -> None:
    """Move the database and its blobs into a folder of their own: nothing may be swept there."""
    try:
        names = [name for name in _ASIDE if (folder / name).exists()]
        aside = _aside(folder, names)
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (folder / name).replace(aside / name)
    except OSError as error:
        raise file_error("cannot put a malformed database aside", error) from error
    logging.getLogger("ossicle.storage").warning(
        "the store's database was malformed; it was moved to %s in the store's folder", aside.name
    )


def _aside(folder: Path, names: list[str]) -> Path:
    """A new folder, or the last one where a crash left it without what shall follow now."""
    made = sorted(folder.glob(f"{QUARANTINE}*"), key=lambda path: path.stat().st_mtime_ns)
    if made and not any((made[-1] / name).exists() for name in names):
        return made[-1]
    aside = folder / f"{QUARANTINE}{secrets.token_hex(8)}"
    aside.mkdir(mode=0o700)
    return aside


def write_place(path: Path, place: str) -> None:
    """Write down where the store's blobs are, for the owner alone.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        if path.exists() and path.read_text(encoding="ascii") == place:
            return
        path.unlink(missing_ok=True)
        files = Files()
        handle = files.create(path)
        try:
            files.write(handle, place.encode())
            files.sync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise file_error("cannot write into the store's folder", error) from error
