"""A store in memory: for tests, and for applications that want nothing written down."""

from __future__ import annotations

import io
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from ossicle.errors import (
    ConfigurationError,
    NotStoredError,
    StorageConflictError,
    StorageError,
)
from ossicle.storage.charge_sums import sum_by_day
from ossicle.storage.naming import (
    check_digests,
    check_names,
    digest_of,
    encode_document,
    read_source,
    unknown_conversation,
)
from ossicle.storage.records import (
    CachedValue,
    Charge,
    ChargeSum,
    CleanReport,
    ConversationSummary,
    StoredConversation,
    TenantSize,
    Turn,
)
from ossicle.storage.store import UNCLAIMED_S, BlobSource, Store


@dataclass(slots=True)
class _Blob:
    data: bytes
    unclaimed_until: float


@dataclass(slots=True)
class _Tenant:
    blobs: dict[str, _Blob] = field(default_factory=dict)
    conversations: dict[str, StoredConversation] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)

    def delete_unneeded(self, digests: Iterable[str], now: float) -> int:
        """Delete those of the blobs that nothing needs; their size in bytes."""
        needed = {
            digest
            for conversation in self.conversations.values()
            for turn in conversation.turns
            for digest in turn.blobs
        }
        n_bytes = 0
        for digest in set(digests) - needed:
            if self.blobs[digest].unclaimed_until <= now:
                n_bytes += len(self.blobs.pop(digest).data)
        return n_bytes


class MemoryStore(Store):
    """Keeps everything in this process until it ends.

    Args:
        clock: Tells the time in seconds since 1970.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._tenants: dict[str, _Tenant] = {}
        self._cached: dict[tuple[str, str], CachedValue] = {}
        """Least recently used first."""
        self._secrets: dict[str, bytes] = {}
        self._is_closed = False

    def _open(self, tenant: str, **names: str) -> _Tenant:
        check_names(tenant=tenant, **names)
        self._check_open()
        return self._tenants.setdefault(tenant, _Tenant())

    def _check_open(self) -> None:
        if self._is_closed:
            raise StorageError("the store is closed", fix="Open a new one.")

    def put_blob(self, tenant: str, source: BlobSource) -> str:
        """Keep the bytes."""
        data = read_source(source)
        digest = digest_of(data)
        with self._lock:
            until = self._clock() + UNCLAIMED_S
            self._open(tenant).blobs[digest] = _Blob(data, until)
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
            shelf = self._open(tenant)
            if shelf.blobs.pop(digest, None) is None:
                return False
            for key, stored in shelf.conversations.items():
                turns = tuple(_without(turn, digest) for turn in stored.turns)
                shelf.conversations[key] = stored.model_copy(update={"turns": turns})
            return True

    def save_conversation(
        self, tenant: str, conversation_id: str, *, document: str, revision: int | None = None
    ) -> int:
        """Write everything of a conversation that belongs to no turn."""
        encode_document(document)
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
            return self._write(shelf, stored, {"document": document})

    def save_turn(
        self,
        tenant: str,
        conversation_id: str,
        *,
        turn: Turn,
        new_blobs: Sequence[BlobSource] = (),
        revision: int | None = None,
    ) -> int:
        """Write a turn together with its blobs."""
        check_digests(*turn.blobs)
        fresh = {digest_of(data): data for data in map(read_source, new_blobs)}
        if not fresh.keys() <= set(turn.blobs):
            raise ConfigurationError(
                "a new blob is not named in the turn", fix="Add its digest to turn.blobs."
            )
        with self._lock:
            shelf = self._open(tenant, conversation_id=conversation_id)
            stored = _expect(conversation_id, shelf.conversations.get(conversation_id), revision)
            for digest in turn.blobs:
                if digest not in fresh and digest not in shelf.blobs:
                    raise NotStoredError(
                        "a blob of the turn is not stored", fix="Pass its bytes as a new blob."
                    )
            shelf.blobs |= {digest: _Blob(data, 0) for digest, data in fresh.items()}
            for digest in turn.blobs:
                shelf.blobs[digest].unclaimed_until = 0
            replaced = [old for old in stored.turns if old.index == turn.index]
            turns = [old for old in stored.turns if old.index != turn.index] + [turn]
            turns.sort(key=lambda each: each.index)
            changed = self._write(shelf, stored, {"turns": tuple(turns)})
            self._drop(shelf, replaced)
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

    def _write(self, shelf: _Tenant, stored: StoredConversation, update: dict[str, object]) -> int:
        revision = stored.revision + 1
        update |= {"revision": revision, "updated_at": self._clock()}
        shelf.conversations[stored.conversation_id] = stored.model_copy(update=update)
        return revision

    def _drop(self, shelf: _Tenant, turns: Iterable[Turn]) -> None:
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

    def sum_charges(
        self, tenant: str, *, since: float | None = None, until: float | None = None
    ) -> tuple[ChargeSum, ...]:
        """Sums of the charges by day and name."""
        with self._lock:
            charges = list(self._open(tenant).charges.values())
        return sum_by_day(
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
            total = sum(len(cached.value) for cached in self._cached.values())
            for key in list(self._cached):
                if total <= max_bytes:
                    break
                total -= len(self._cached.pop(key).value)
            return before - len(self._cached)

    def _drop_expired(self) -> int:
        now = self._clock()
        expired = [key for key, cached in self._cached.items() if cached.expires_at <= now]
        return sum(len(self._cached.pop(key).value) for key in expired)

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
            cached = [len(each.value) for key, each in self._cached.items() if key[0] == tenant]
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
                n_turns += _expire_blobs(shelf, self._clock())
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
        raise StorageConflictError(
            f"the conversation is at revision {stored.revision}, not {revision}",
            fix="Load it again: another writer changed it.",
        )
    return stored


def _without(turn: Turn, digest: str) -> Turn:
    if digest not in turn.blobs:
        return turn
    blobs = tuple(each for each in turn.blobs if each != digest)
    return turn.model_copy(update={"blobs": blobs})


def _expire_blobs(shelf: _Tenant, now: float) -> int:
    count = 0
    for key, stored in shelf.conversations.items():
        due = {
            turn.index
            for turn in stored.turns
            if turn.blobs and turn.blobs_until is not None and turn.blobs_until <= now
        }
        turns = tuple(
            turn.model_copy(update={"blobs": ()}) if turn.index in due else turn
            for turn in stored.turns
        )
        shelf.conversations[key] = stored.model_copy(update={"turns": turns})
        count += len(due)
    return count
