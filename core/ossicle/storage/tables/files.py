"""The file operations of a store, gathered so that a test can make the n-th of them fail."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Files:
    """What a store asks of the file system. Handles are integers; every method may raise OSError.

    Nothing follows a symbolic link, and what is made is for its owner alone.
    """

    def make_folder(self, path: Path) -> None:
        """Make a folder for the owner alone."""
        path.mkdir(mode=0o700)

    def create(self, path: Path) -> int:
        """Open a file for writing that must not exist yet."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)

    def open(self, path: Path) -> int:
        """Open a regular file for reading; anything else under this name counts as no file."""
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _NO_FOLLOW)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FileNotFoundError("a symbolic link") from error
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileNotFoundError("not a regular file")
        return handle

    def write(self, handle: int, data: bytes | memoryview) -> int:
        """Write some of the bytes; how many."""
        return os.write(handle, data)

    def sync(self, handle: int) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(handle)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name at once, whatever had that name."""
        source.replace(target)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the disk."""
        if os.name == "nt":  # Windows opens no folders and writes their names through.
            return
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def unlink(self, path: Path) -> None:
        """Delete a file; one that is gone already counts as deleted."""
        path.unlink(missing_ok=True)

    def reached(self, point: str) -> None:
        """Called at each step where a crash must do no harm; does nothing outside of tests."""


def write_whole(files: Files, target: Path, data: bytes) -> None:
    """Put a file in place, all or nothing, and wait until it is on the disk.

    Raises:
        OSError: What was under this name is still there.
    """
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        handle = files.create(temporary)
        files.reached("file created")
        try:
            view = memoryview(data)
            while view:
                view = view[files.write(handle, view) :]
            files.reached("file written")
            files.sync(handle)
        finally:
            os.close(handle)
        files.reached("file synced")
        files.replace(temporary, target)
    except OSError:
        with contextlib.suppress(OSError):
            files.unlink(temporary)
        raise
    files.reached("file in place")
    files.sync_folder(target.parent)
    files.reached("folder synced")
