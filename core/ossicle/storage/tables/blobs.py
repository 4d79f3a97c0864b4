"""Blobs of all tenants: small ones in rows, large ones in files, each checked when it is read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ossicle.errors import NotStoredError, OssicleError, StorageCorruptError, StorageError
from ossicle.storage.tables.blob_backend import BlobBackend
from ossicle.storage.tables.blob_folder import damaged, open_inline
from ossicle.storage.tables.connection import Connection, TableDatabase

INLINE_BYTES = 64 * 1024
"""Up to here a blob lies in its row: one write instead of a file, its name and two waits. Above,
a file is faster and keeps the database small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Rows that were deleted.

    Attributes:
        count: How many.
        n_bytes: Size of their blobs together.
        names: Of their files, which are still there.
    """

    count: int = 0
    n_bytes: int = 0
    names: tuple[str, ...] = ()


class Blobs:
    """The rows of blobs together with their files.

    A file is in place before the row that names it is committed, and deleted after the row's end
    is: a crash between leaves a file without a row, which the next start deletes. Both happen
    while the database is locked for writing, so that no process deletes what another just wrote.

    Args:
        database: Where the rows are.
        folder: Where the files are; `None`: every blob lies in its row.
        clock: Tells the time in seconds since 1970.
    """

    def __init__(
        self, database: TableDatabase, folder: BlobBackend | None, *, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock

    @contextlib.contextmanager
    def writing(self, tenant: str, digests: Iterable[str]) -> Iterator[Connection]:
        """A transaction that keeps blobs; where it fails no file of theirs is left behind.

        Args:
            tenant: Whose.
            digests: Of the blobs.
        """
        has_begun = False
        try:
            with self._database.writing() as rows:
                has_begun = True
                yield rows
        except OssicleError:
            if has_begun and self._folder is not None:
                self.discard(self._folder.name("blob", tenant, digest) for digest in digests)
            raise

    def place(self, data: bytes, *facts: str) -> tuple[bytes | None, str | None]:
        """Put bytes where their size belongs: themselves for the row, or the name of a file."""
        if self._folder is None or len(data) <= INLINE_BYTES:
            return data, None
        name = self._folder.name(*facts)
        self._folder.write(name, data)
        return None, name

    def keep(
        self, rows: Connection, tenant: str, *, digest: str, data: bytes, until: float
    ) -> None:
        """Store a blob in a transaction, or repair a damaged one.

        Args:
            rows: The transaction.
            tenant: Whose.
            digest: Of the bytes.
            data: The bytes.
            until: Until when it stays unclaimed at least, in seconds since 1970.
        """
        found = rows.execute(
            "SELECT id, data, file FROM blobs WHERE tenant = ? AND digest = ?", (tenant, digest)
        ).fetchone()
        if found is None:
            inline, name = self.place(data, "blob", tenant, digest)
            rows.execute(
                "INSERT INTO blobs (tenant, digest, n_bytes, data, file, unclaimed_until)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (tenant, digest, len(data), inline, name, until),
            )
            return
        key, inline, name = found
        if name is not None and not self._files().holds(name, digest):
            self._files().write(name, data)
        if inline is not None and inline != data:
            rows.execute("UPDATE blobs SET data = ? WHERE id = ?", (data, key))
        rows.execute("UPDATE blobs SET unclaimed_until = ? WHERE id = ?", (until, key))

    def open(self, tenant: str, digest: str) -> BinaryIO:
        """A file object over a blob that matches its digest.

        Raises:
            NotStoredError: There is no such blob.
            StorageCorruptError: It is damaged.
        """
        with self._database.reading() as rows:
            found = rows.execute(
                "SELECT data, file FROM blobs WHERE tenant = ? AND digest = ?", (tenant, digest)
            ).fetchone()
        if found is None:
            raise NotStoredError("there is no such blob", fix="Store it again.")
        inline, name = found
        if name is None:
            return open_inline(inline, digest)
        try:
            return self._files().open(name, digest)
        except NotStoredError as error:
            if not self.has(tenant, digest):  # Another process deleted it between row and file.
                raise
            raise StorageCorruptError(
                "the file of a stored blob is gone", fix="Delete the blob and store it again."
            ) from error

    def open_at(self, inline: bytes | None, name: str | None, digest: str) -> BinaryIO:
        """A file object over bytes that `place` put somewhere; raises what `open` does."""
        if inline is not None:
            return open_inline(inline, digest)
        return self._files().open(name or "", digest)

    def has(self, tenant: str, digest: str) -> bool:
        """Whether there is a row."""
        with self._database.reading() as rows:
            return self.key(rows, tenant, digest) is not None

    def key(self, rows: Connection, tenant: str, digest: str) -> int | None:
        """The row of a blob, or `None`."""
        found = rows.execute(
            "SELECT id FROM blobs WHERE tenant = ? AND digest = ?", (tenant, digest)
        ).fetchone()
        return None if found is None else int(found[0])

    def remove(self, rows: Connection, keys: Iterable[int]) -> Removed:
        """Delete rows and every reference to them."""
        removed: list[tuple[int, str | None]] = []
        for key in keys:
            removed += rows.execute("SELECT n_bytes, file FROM blobs WHERE id = ?", (key,))
            rows.execute("DELETE FROM blobs WHERE id = ?", (key,))
        return collect(removed)

    def remove_unneeded(self, rows: Connection, among: Iterable[int] | None = None) -> Removed:
        """Delete the rows that no turn needs and whose time to be claimed is over.

        Args:
            rows: The transaction.
            among: The rows to look at; `None`: all.
        """
        unneeded = (
            "SELECT id FROM blobs WHERE unclaimed_until <= ?"
            " AND NOT EXISTS (SELECT 1 FROM turn_blobs WHERE blob = blobs.id)"
        )
        now = self._clock()
        if among is None:
            keys = [key for (key,) in rows.execute(unneeded, (now,))]
        else:
            keys = [
                key
                for each in set(among)
                for (key,) in rows.execute(f"{unneeded} AND id = ?", (now, each))
            ]
        return self.remove(rows, keys)

    def unlink(self, names: Iterable[str]) -> None:
        """Delete the files of rows that are gone for good.

        Raises:
            StorageError: A file could not be deleted; the next start tries again.
        """
        names = tuple(names)
        if not names:
            return
        with self._database.writing() as rows:
            known = self._known(rows)
            for name in names:
                if name not in known:  # Else it was stored again meanwhile.
                    self._files().unlink(name)

    def discard(self, names: Iterable[str]) -> None:
        """Delete such files if that is possible now: what was asked for is already done."""
        with contextlib.suppress(StorageError):
            self.unlink(names)

    def sweep(self) -> int:
        """Delete files that a crash left behind; how many."""
        if self._folder is None:
            return 0
        # Listed before the lock, so that a long list makes nobody wait: who was writing then has
        # ended when the lock is ours, and its row is known or will never be.
        names = self._folder.names()
        if not names:
            return 0
        with self._database.writing() as rows:
            left = names - self._known(rows)
            for name in left:
                self._folder.unlink(name)
        return len(left)

    def close(self) -> None:
        """Release the place of the files."""
        if self._folder is not None:
            self._folder.close()

    def _files(self) -> BlobBackend:
        if self._folder is None:
            raise damaged()
        return self._folder

    def _known(self, rows: Connection) -> set[str]:
        found = rows.execute(
            "SELECT file FROM blobs WHERE file IS NOT NULL"
            " UNION ALL SELECT file FROM cached WHERE file IS NOT NULL"
        )
        return {name for (name,) in found}


def collect(found: Iterable[tuple[int, str | None]]) -> Removed:
    """What was removed, from pairs of size and file name."""
    found = list(found)
    return Removed(
        count=len(found),
        n_bytes=sum(n_bytes for n_bytes, _ in found),
        names=tuple(name for _, name in found if name is not None),
    )
