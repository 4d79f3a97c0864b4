"""Everything that a store does, on tables; which database they are in is another's matter."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from ossicle.storage.records import (
    CachedValue,
    Charge,
    CleanReport,
    ConversationSummary,
    StoredConversation,
    StoredTurn,
    TenantSize,
)
from ossicle.storage.store import UNCLAIMED_S, BlobSource, Store
from ossicle.storage.tables.accounts import forget_conversation, forget_tenant
from ossicle.storage.tables.blob_backend import BlobBackend
from ossicle.storage.tables.blobs import Blobs, Removed
from ossicle.storage.tables.cached import Cached
from ossicle.storage.tables.checksummed import plausible, seal, unseal
from ossicle.storage.tables.connection import TableDatabase
from ossicle.storage.tables.conversations import Conversations
from ossicle.storage.tables.erasure import Erasure
from ossicle.storage.validation import (
    check_digests,
    check_names,
    digest_of,
    fresh_blobs,
    read_source,
)

_PAGE = 500
"""Charges that are read at once."""

_SIZES = {
    "conversations": "SELECT count(*) FROM conversations WHERE tenant = ?",
    "turns": "SELECT count(*) FROM turns JOIN conversations ON conversations.id = conversation"
    " WHERE tenant = ?",
    "blobs": "SELECT count(*) FROM blobs WHERE tenant = ?",
    "blob_bytes": "SELECT coalesce(sum(n_bytes), 0) FROM blobs WHERE tenant = ?",
    "cached_values": "SELECT count(*) FROM cached WHERE tenant = ?",
    "cached_bytes": "SELECT coalesce(sum(n_bytes), 0) FROM cached WHERE tenant = ?",
    "charges": "SELECT count(*) FROM charges WHERE tenant = ?",
}
_TENANTS = " UNION ".join(
    f"SELECT tenant FROM {table} WHERE tenant IS NOT NULL"
    for table in ("blobs", "conversations", "charges", "cached", "balances")
)


class TableStore(Store):
    """A store on the tables of a database. It does not open the database.

    Args:
        database: With all tables in their present version.
        folder: For large blobs; `None`: every blob lies in its row.
        clock: Tells the time in seconds since 1970.

    Attributes:
        database: For what shall live in the same database, such as `TableLedger`.
    """

    def __init__(
        self, database: TableDatabase, *, folder: BlobBackend | None, clock: Callable[[], float]
    ) -> None:
        self.database = database
        self._clock = clock
        self._blobs = Blobs(database, folder, clock=clock)
        self._conversations = Conversations(database, self._blobs, clock=clock)
        self._cached = Cached(database, self._blobs, clock=clock)
        self._erasure = Erasure(database, self._blobs)

    def put_blob(self, tenant: str, source: BlobSource) -> str:
        """Keep the bytes."""
        check_names(tenant=tenant)
        data = read_source(source)
        digest, until = digest_of(data), self._clock() + UNCLAIMED_S
        with self._blobs.writing(tenant, (digest,)) as rows:
            self._blobs.keep(rows, tenant, digest=digest, data=data, until=until)
        return digest

    def open_blob(self, tenant: str, digest: str) -> BinaryIO:
        """A binary file object over a blob, whose digest was checked."""
        check_names(tenant=tenant)
        check_digests(digest)
        return self._blobs.open(tenant, digest)

    def has_blob(self, tenant: str, digest: str) -> bool:
        """Whether there is such a blob."""
        check_names(tenant=tenant)
        check_digests(digest)
        return self._blobs.has(tenant, digest)

    def delete_blob(self, tenant: str, digest: str) -> bool:
        """Delete a blob and every reference to it."""
        check_names(tenant=tenant)
        check_digests(digest)
        with self.database.writing() as rows:
            key = self._blobs.key(rows, tenant, digest)
            removed = Removed() if key is None else self._blobs.remove(rows, [key])
            mark = self._erasure.begin(rows) if removed.count else None
        self._erasure.finish(mark, removed.names)
        return removed.count > 0

    def save_conversation(
        self,
        tenant: str,
        conversation_id: str,
        *,
        document: str,
        turns: Sequence[StoredTurn] = (),
        new_blobs: Sequence[BlobSource] = (),
        revision: int | None = None,
    ) -> int:
        """Write everything of a conversation that belongs to no turn, and turns."""
        check_names(tenant=tenant, conversation_id=conversation_id)
        fresh = fresh_blobs(turns, new_blobs)
        return self._conversations.save(
            tenant,
            conversation_id,
            document=document,
            turns=turns,
            new_blobs=fresh,
            revision=revision,
        )

    def save_turn(
        self,
        tenant: str,
        conversation_id: str,
        *,
        turn: StoredTurn,
        new_blobs: Sequence[BlobSource] = (),
        revision: int | None = None,
    ) -> int:
        """Write a turn together with its blobs."""
        check_names(tenant=tenant, conversation_id=conversation_id)
        fresh = fresh_blobs((turn,), new_blobs)
        return self._conversations.save_turn(
            tenant, conversation_id, turn=turn, new_blobs=fresh, revision=revision
        )

    def delete_turns(
        self, tenant: str, conversation_id: str, *, start: int, revision: int | None = None
    ) -> int:
        """Delete all turns from an index on."""
        check_names(tenant=tenant, conversation_id=conversation_id)
        return self._conversations.delete_turns(
            tenant, conversation_id, start=start, revision=revision
        )

    def load_conversation(self, tenant: str, conversation_id: str) -> StoredConversation:
        """A conversation with all its turns."""
        check_names(tenant=tenant, conversation_id=conversation_id)
        return self._conversations.load(tenant, conversation_id)

    def list_conversations(self, tenant: str) -> tuple[ConversationSummary, ...]:
        """All conversations of a tenant, last changed first."""
        check_names(tenant=tenant)
        return self._conversations.summaries(tenant)

    def delete_conversation(self, tenant: str, conversation_id: str) -> bool:
        """Delete a conversation with its turns and every blob that nothing else needs."""
        check_names(tenant=tenant, conversation_id=conversation_id)
        with self.database.writing() as rows:
            removed = self._conversations.remove(rows, tenant, conversation_id)
            had_account = forget_conversation(rows, tenant, conversation_id)
            mark = self._erasure.begin(rows) if removed is not None or had_account else None
        self._erasure.finish(mark, () if removed is None else removed.names)
        return removed is not None

    def append_charge(self, tenant: str, charge: Charge) -> None:
        """Write an entry of the ledger."""
        check_names(tenant=tenant, charge_id=charge.charge_id)
        data = charge.model_dump_json().encode()
        with self.database.writing() as rows:
            rows.execute(
                "INSERT INTO charges (tenant, charge_id, at, document, digest)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (tenant, charge.charge_id, charge.at, data, seal(data, charge.charge_id)),
            )

    def list_charges(
        self, tenant: str, *, since: float | None = None, until: float | None = None
    ) -> Iterator[Charge]:
        """The charges of a time, oldest first."""
        check_names(tenant=tenant)
        return self._read_charges(
            tenant,
            since=-math.inf if since is None else since,
            until=math.inf if until is None else until,
        )

    def _read_charges(self, tenant: str, *, since: float, until: float) -> Iterator[Charge]:
        # In pages: a ledger may be larger than memory, and a reader must hold up no writer.
        at, last = since, ""
        while True:
            with self.database.reading() as rows:
                found = rows.execute(
                    "SELECT document, digest, charge_id, at FROM charges WHERE tenant = ?"
                    " AND (at, charge_id) > (?, ?) AND at < ? ORDER BY at, charge_id LIMIT ?",
                    (tenant, at, last, until, _PAGE),
                ).fetchall()
            for document, digest, name, _ in found:
                with plausible():
                    charge = Charge.model_validate_json(unseal(document, digest, name))
                yield charge
            if len(found) < _PAGE:
                return
            last, at = found[-1][2:]

    def save_cached(
        self, tenant: str, key: str, *, value: bytes, document: str, lifetime_s: float
    ) -> None:
        """Keep a value under a key."""
        check_names(tenant=tenant, key=key)
        self._cached.save(tenant, key, value=value, document=document, lifetime_s=lifetime_s)

    def load_cached(self, tenant: str, key: str) -> CachedValue | None:
        """The value that was last saved under a key."""
        check_names(tenant=tenant, key=key)
        return self._cached.load(tenant, key)

    def delete_cached(self, tenant: str, key: str) -> bool:
        """Drop a cached value."""
        check_names(tenant=tenant, key=key)
        return self._cached.delete(tenant, key)

    def trim_cached(self, *, max_bytes: int) -> int:
        """Drop expired values, then those not used for longest."""
        return self._cached.trim(max_bytes=max_bytes)

    def secret(self, name: str) -> bytes:
        """Random bytes under a name."""
        return secret(self.database, name)

    def list_tenants(self) -> tuple[str, ...]:
        """Every tenant for whom anything is stored."""
        with self.database.reading() as rows:
            return tuple(sorted(tenant for (tenant,) in rows.execute(_TENANTS)))

    def measure(self, tenant: str) -> TenantSize:
        """How much is stored for a tenant."""
        check_names(tenant=tenant)
        with self.database.reading() as rows:
            return TenantSize(
                **{name: rows.execute(sql, (tenant,)).fetchone()[0] for name, sql in _SIZES.items()}
            )

    def clean(self) -> CleanReport:
        """Drop everything whose time is over, and rewrite the database."""
        with self.database.writing() as rows:
            cached = self._cached.remove_expired(rows)
            n_turns = self._conversations.expire_blobs(rows)
            blobs = self._blobs.remove_unneeded(rows)
            mark = self._erasure.begin(rows)
        self._blobs.sweep()
        self._erasure.finish(mark)
        return CleanReport(
            cached_values=cached.count,
            turns=n_turns,
            blobs=blobs.count,
            n_bytes=cached.n_bytes + blobs.n_bytes,
        )

    def delete_tenant(self, tenant: str) -> None:
        """Delete everything of a tenant."""
        check_names(tenant=tenant)
        with self.database.writing() as rows:
            blobs = self._conversations.remove_tenant(rows, tenant)
            cached = self._cached.remove_tenant(rows, tenant)
            rows.execute("DELETE FROM charges WHERE tenant = ?", (tenant,))
            forget_tenant(rows, tenant)
            mark = self._erasure.begin(rows)
        self._erasure.finish(mark, cached.names + blobs.names)

    def close(self) -> None:
        """Close the database."""
        self._blobs.close()
        self.database.close()


def secret(database: TableDatabase, name: str) -> bytes:
    """32 random bytes under a name, made when first asked for."""
    check_names(name=name)
    with database.writing() as rows:
        rows.execute(
            "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (name, secrets.token_bytes(32)),
        )
        found = rows.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
    return bytes(found[0])
