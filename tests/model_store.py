"""A store of plain dictionaries, which tests hold the stores on tables against."""

from __future__ import annotations

import io
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from tests.model_shelf import Blob, Shelf

from ossicle.errors import NotStoredError, StorageError
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
from ossicle.storage.validation import (
    check_digests,
    check_names,
    conflict_error,
    digest_of,
    encode_document,
    fresh_blobs,
    read_source,
    unknown_conversation,
)


class ModelStore(Store):
    """Keeps everything in this process until it ends.

    Args:
        clock: Tells the time in seconds since 1970.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._tenants: dict[str, Shelf] = {}
        self._cached: dict[tuple[str, str], CachedValue] = {}
        """Least recently used first."""
        self._secrets: dict[str, bytes] = {}
        self._is_closed = False

    def _open(self, tenant: str, **names: str) -> Shelf:
        check_names(tenant=tenant, **names)
        self._check_open()
        return self._tenants.setdefault(tenant, Shelf())

    def _check_open(self) -> None:
        if self._is_closed:
            raise StorageError("the store is closed", fix="Open a new one.")

    def put_blob(self, tenant: str, source: BlobSource) -> str:
        """Keep the bytes."""
        data = read_source(source)
        digest = digest_of(data)
        with self._lock:
            until = self._clock() + UNCLAIMED_S
            self._open(tenant).blobs[digest] = Blob(data, until)
        return digest

    def open_blob(self, tenant: str, digest: str) -> BinaryIO:
        """A binary file object over a blob."""
        check_digests(digest)
        with self._lock:
            blob = self._open(tenant).blobs.get(digest)
        if blob is None:
            raise NotStoredError("there is no such blob", fix="Store it again.")
        return io.BytesIO(blob.data)

    def has_blob(self, tenant: str, digest: str) -> bool:
        """Whether there is such a blob."""
        check_digests(digest)
        with self._lock:
            return digest in self._open(tenant).blobs

    def delete_blob(self, tenant: str, digest: str) -> bool:
        """Delete a blob and every reference to it."""
        check_digests(digest)
        with self._lock:
            return self._open(tenant).delete_blob(digest)

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
        encode_document(document)
        fresh = fresh_blobs(turns, new_blobs)
        with self._lock:
            shelf = self._open(tenant, conversation_id=conversation_id)
            stored = shelf.conversations.get(conversation_id)
            now = self._clock()
            if stored is None and revision in (None, 0):
                stored = StoredConversation(
                    conversation_id=conversation_id,
                    revision=0,
                    created_at=now,
                    updated_at=now,
                    document=document,
                )
            stored = _expect(conversation_id, stored, revision)
            stored = stored.model_copy(update={"document": document})
            return self._put_turns(shelf, stored, turns, fresh)

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
        fresh = fresh_blobs((turn,), new_blobs)
        with self._lock:
            shelf = self._open(tenant, conversation_id=conversation_id)
            stored = _expect(conversation_id, shelf.conversations.get(conversation_id), revision)
            return self._put_turns(shelf, stored, (turn,), fresh)

    def _put_turns(
        self,
        shelf: Shelf,
        stored: StoredConversation,
        turns: Sequence[StoredTurn],
        fresh: Mapping[str, bytes],
    ) -> int:
        needed = {digest for turn in turns for digest in turn.blobs}
        for turn in turns:
            encode_document(turn.document)
        if not needed <= fresh.keys() | shelf.blobs.keys():
            raise NotStoredError(
                "a blob of the turn is not stored", fix="Pass its bytes as a new blob."
            )
        shelf.blobs |= {digest: Blob(data, 0) for digest, data in fresh.items()}
        for digest in needed:
            shelf.blobs[digest].unclaimed_until = 0
        by_index = {turn.index: turn for turn in (*stored.turns, *turns)}
        kept = tuple(by_index[index] for index in sorted(by_index))
        changed = self._write(shelf, stored, {"turns": kept})
        self._drop(shelf, [old for old in stored.turns if old is not by_index[old.index]])
        return changed

    def delete_turns(
        self, tenant: str, conversation_id: str, *, start: int, revision: int | None = None
    ) -> int:
        """Delete all turns from an index on."""
        with self._lock:
            shelf = self._open(tenant, conversation_id=conversation_id)
            stored = _expect(conversation_id, shelf.conversations.get(conversation_id), revision)
            kept = tuple(turn for turn in stored.turns if turn.index < start)
            changed = self._write(shelf, stored, {"turns": kept})
            self._drop(shelf, [turn for turn in stored.turns if turn.index >= start])
            return changed

    def _write(self, shelf: Shelf, stored: StoredConversation, update: dict[str, object]) -> int:
        revision = stored.revision + 1
        update |= {"revision": revision, "updated_at": self._clock()}
        shelf.conversations[stored.conversation_id] = stored.model_copy(update=update)
        return revision

    def _drop(self, shelf: Shelf, turns: Iterable[StoredTurn]) -> None:
        digests = {digest for turn in turns for digest in turn.blobs}
        shelf.delete_unneeded(digests, self._clock())

    def load_conversation(self, tenant: str, conversation_id: str) -> StoredConversation:
        """A conversation with all its turns."""
        with self._lock:
            shelf = self._open(tenant, conversation_id=conversation_id)
            return _expect(conversation_id, shelf.conversations.get(conversation_id), None)

    def list_conversations(self, tenant: str) -> tuple[ConversationSummary, ...]:
        """All conversations of a tenant, last changed first."""
        with self._lock:
            stored = list(self._open(tenant).conversations.values())
        stored.sort(key=lambda each: (-each.updated_at, each.conversation_id))
        return tuple(
            ConversationSummary(
                conversation_id=each.conversation_id,
                revision=each.revision,
                created_at=each.created_at,
                updated_at=each.updated_at,
                document=each.document,
                n_turns=len(each.turns),
            )
            for each in stored
        )

    def delete_conversation(self, tenant: str, conversation_id: str) -> bool:
        """Delete a conversation with its turns and every blob that nothing else needs."""
        with self._lock:
            shelf = self._open(tenant, conversation_id=conversation_id)
            stored = shelf.conversations.pop(conversation_id, None)
            if stored is not None:
                self._drop(shelf, stored.turns)
            return stored is not None

    def append_charge(self, tenant: str, charge: Charge) -> None:
        """Write an entry of the ledger."""
        with self._lock:
            self._open(tenant).charges.setdefault(charge.charge_id, charge)

    def list_charges(
        self, tenant: str, *, since: float | None = None, until: float | None = None
    ) -> Iterator[Charge]:
        """The charges of a time, oldest first."""
        with self._lock:
            charges = list(self._open(tenant).charges.values())
        charges.sort(key=lambda charge: (charge.at, charge.charge_id))
        return (
            charge
            for charge in charges
            if (since is None or charge.at >= since) and (until is None or charge.at < until)
        )

    def save_cached(
        self, tenant: str, key: str, *, value: bytes, document: str, lifetime_s: float
    ) -> None:
        """Keep a value under a key."""
        encode_document(document)
        with self._lock:
            self._open(tenant, key=key)
            now = self._clock()
            self._cached.pop((tenant, key), None)
            self._cached[tenant, key] = CachedValue(
                document=document, value=value, created_at=now, expires_at=now + lifetime_s
            )

    def load_cached(self, tenant: str, key: str) -> CachedValue | None:
        """The value that was last saved under a key."""
        with self._lock:
            self._open(tenant, key=key)
            cached = self._cached.pop((tenant, key), None)
            if cached is not None:
                self._cached[tenant, key] = cached
                if cached.expires_at <= self._clock():
                    return None
            return cached

    def delete_cached(self, tenant: str, key: str) -> bool:
        """Drop a cached value."""
        with self._lock:
            self._open(tenant, key=key)
            return self._cached.pop((tenant, key), None) is not None

    def trim_cached(self, *, max_bytes: int) -> int:
        """Drop expired values, then those not used for longest."""
        with self._lock:
            self._check_open()
            before = len(self._cached)
            self._drop_expired()
            total = sum(cached.n_bytes for cached in self._cached.values())
            for key in list(self._cached):
                if total <= max_bytes:
                    break
                total -= self._cached.pop(key).n_bytes
            return before - len(self._cached)

    def _drop_expired(self) -> int:
        now = self._clock()
        expired = [key for key, cached in self._cached.items() if cached.expires_at <= now]
        return sum(self._cached.pop(key).n_bytes for key in expired)

    def secret(self, name: str) -> bytes:
        """Random bytes under a name."""
        check_names(name=name)
        with self._lock:
            self._check_open()
            return self._secrets.setdefault(name, secrets.token_bytes(32))

    def list_tenants(self) -> tuple[str, ...]:
        """Every tenant for whom anything is stored."""
        with self._lock:
            self._check_open()
            tenants = {
                name
                for name, shelf in self._tenants.items()
                if shelf.blobs or shelf.conversations or shelf.charges
            }
            return tuple(sorted(tenants | {tenant for tenant, _ in self._cached}))

    def measure(self, tenant: str) -> TenantSize:
        """How much is stored for a tenant."""
        with self._lock:
            shelf = self._open(tenant)
            cached = [each.n_bytes for key, each in self._cached.items() if key[0] == tenant]
            return TenantSize(
                conversations=len(shelf.conversations),
                turns=sum(len(each.turns) for each in shelf.conversations.values()),
                blobs=len(shelf.blobs),
                blob_bytes=sum(len(blob.data) for blob in shelf.blobs.values()),
                cached_values=len(cached),
                cached_bytes=sum(cached),
                charges=len(shelf.charges),
            )

    def clean(self) -> CleanReport:
        """Drop everything whose time is over."""
        with self._lock:
            self._check_open()
            n_cached, n_turns, n_blobs = len(self._cached), 0, 0
            n_bytes = self._drop_expired()
            for shelf in self._tenants.values():
                n_turns += shelf.expire_blobs(self._clock())
                n_blobs += len(shelf.blobs)
                n_bytes += shelf.delete_unneeded(shelf.blobs, self._clock())
                n_blobs -= len(shelf.blobs)
            return CleanReport(
                cached_values=n_cached - len(self._cached),
                turns=n_turns,
                blobs=n_blobs,
                n_bytes=n_bytes,
            )

    def delete_tenant(self, tenant: str) -> None:
        """Delete everything of a tenant."""
        with self._lock:
            self._open(tenant)
            del self._tenants[tenant]
            for key in [key for key in self._cached if key[0] == tenant]:
                del self._cached[key]

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._is_closed = True
            self._tenants.clear()
            self._cached.clear()


def _expect(
    name: str, stored: StoredConversation | None, revision: int | None
) -> StoredConversation:
    if stored is None:
        raise unknown_conversation(name)
    if revision is not None and stored.revision != revision:
        raise conflict_error(stored.revision, revision)
    return stored
