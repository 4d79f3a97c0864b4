"""Cached values of all tenants; large ones in files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from ossicle.errors import NotStoredError, StorageCorruptError, StorageError
from ossicle.storage.records import CachedValue, cached_size
from ossicle.storage.tables.blobs import Blobs, Removed, collect
from ossicle.storage.tables.checksummed import seal, unseal
from ossicle.storage.tables.connection import Connection, TableDatabase
from ossicle.storage.validation import digest_of, encode_document

_TOUCH_S = 60.0
"""A use is written down only when the last one known is older: most hits write nothing."""


class Cached:
    """The rows of cached values.

    Args:
        database: Where the rows are.
        blobs: Places large values.
        clock: Tells the time in seconds since 1970.
    """

    def __init__(
        self, database: TableDatabase, blobs: Blobs, *, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def save(
        self, tenant: str, key: str, *, value: bytes, document: str, lifetime_s: float
    ) -> None:
        """Keep a value; what was under the key is replaced."""
        text, digest, now = encode_document(document), digest_of(value), self._clock()
        with self._database.writing() as rows:
            replaced = self._remove(rows, "tenant = ? AND key = ?", tenant, key)
            inline, name = self._blobs.place(value, "cached", tenant, key, digest)
            rows.execute(
                "INSERT INTO cached (tenant, key, document, document_digest, digest, n_bytes, data,"
                " file, created_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    tenant,
                    key,
                    text,
                    seal(text, digest),
                    digest,
                    cached_size(value, document),
                    inline,
                    name,
                    now,
                    now + lifetime_s,
                    now,
                ),
            )
        self._blobs.discard(replaced.names)

    def load(self, tenant: str, key: str) -> CachedValue | None:
        """The exact value, or `None`."""
        now = self._clock()
        with self._database.reading() as rows:
            found = rows.execute(
                "SELECT id, document, document_digest, digest, data, file, created_at, expires_at,"
                " used_at FROM cached WHERE tenant = ? AND key = ?",
                (tenant, key),
            ).fetchone()
        if found is None or found[7] <= now:
            return None
        row, text, text_digest, digest, inline, name, created_at, expires_at, used_at = found
        document = unseal(text, text_digest, digest)
        try:
            with self._blobs.open_at(inline, name, digest) as file:
                value = file.read()
        except NotStoredError as error:
            if self._is_gone(row):
                return None
            raise StorageCorruptError(
                "the file of a cached value is gone", fix="Drop the cached value."
            ) from error
        if used_at <= now - _TOUCH_S:
            # A value that could be read is a hit, also on a disk that cannot be written.
            with contextlib.suppress(StorageError), self._database.writing() as rows:
                rows.execute("UPDATE cached SET used_at = ? WHERE id = ?", (now, row))
        return CachedValue(
            document=document, value=value, created_at=created_at, expires_at=expires_at
        )

    def _is_gone(self, row: int) -> bool:
        """Whether another process dropped a value between its row and its file."""
        with self._database.reading() as rows:
            return rows.execute("SELECT 1 FROM cached WHERE id = ?", (row,)).fetchone() is None

    def delete(self, tenant: str, key: str) -> bool:
        """Drop a value; whether there was one."""
        with self._database.writing() as rows:
            removed = self._remove(rows, "tenant = ? AND key = ?", tenant, key)
        self._blobs.discard(removed.names)
        return removed.count > 0

    def trim(self, *, max_bytes: int) -> int:
        """Drop expired values, then those not used for longest; how many."""
        with self._database.writing() as rows:
            removed = self.remove_expired(rows)
            names, count = list(removed.names), removed.count
            total = rows.execute("SELECT coalesce(sum(n_bytes), 0) FROM cached").fetchone()[0]
            while total > max_bytes:
                oldest = self._remove(
                    rows, "id = (SELECT id FROM cached ORDER BY used_at, id LIMIT 1)"
                )
                if not oldest.count:
                    break
                names += oldest.names
                count += oldest.count
                total -= oldest.n_bytes
        self._blobs.discard(names)
        return count

    def remove_expired(self, rows: Connection) -> Removed:
        """Delete the rows whose time is over."""
        return self._remove(rows, "expires_at <= ?", self._clock())

    def remove_tenant(self, rows: Connection, tenant: str) -> Removed:
        """Delete all rows of a tenant."""
        return self._remove(rows, "tenant = ?", tenant)

    def _remove(self, rows: Connection, which: str, *values: str | float) -> Removed:
        found = rows.execute(
            f"SELECT id, n_bytes, file FROM cached WHERE {which}", values
        ).fetchall()
        rows.executemany("DELETE FROM cached WHERE id = ?", [(row,) for row, _, _ in found])
        return collect((n_bytes, name) for _, n_bytes, name in found)
