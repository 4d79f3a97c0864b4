"""What every store does: the interface that an application can implement for its own database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ossicle.storage.charge_sums import sum_by_day
from ossicle.storage.records import (
    CachedValue,
    Charge,
    ChargeSum,
    CleanReport,
    ConversationSummary,
    StoredConversation,
    StoredTurn,
    TenantSize,
)

BlobSource = bytes | Path
"""The bytes of a blob, or a file that holds them."""

UNCLAIMED_S = 3600.0
"""How long a blob that nothing refers to is kept, so that a turn can still claim it."""


class Store(ABC):
    """Keeps conversations, their audio, the ledger and cached values, apart for each tenant.

    Every method blocks, is atomic, and is safe between threads; call it from worker threads. When
    a method that changes something has returned, the change outlives the process. Nothing of one
    tenant can be reached by naming another: equal content of two tenants is stored twice.

    Tenants, conversation ids and cache keys are any text of 1 to 256 bytes in UTF-8 without NUL.
    A digest is `sha256:` and 64 hexadecimal digits, as in `AudioClip.digest`.

    Every method may raise, besides what it names:
        ConfigurationError: A tenant, id, key or digest is not well formed.
        StorageCorruptError: What is stored does not match its digest.
        StorageError: The store failed, is full, busy for too long, or closed.
    """

    # Blobs

    @abstractmethod
    def put_blob(self, tenant: str, source: BlobSource) -> str:
        """Keep the bytes for `UNCLAIMED_S` at least, and for as long as a turn refers to them.

        Returns:
            The digest. The same bytes again are kept once.
        """

    @abstractmethod
    def open_blob(self, tenant: str, digest: str) -> BinaryIO:
        """A new seekable binary file object over a blob, whose digest was checked.

        Raises:
            NotStoredError: There is no such blob.
            StorageCorruptError: It is damaged or its file is gone.
        """

    def read_blob(self, tenant: str, digest: str) -> bytes:
        """All bytes of a blob; raises what `open_blob` does."""
        with self.open_blob(tenant, digest) as file:
            return file.read()

    @abstractmethod
    def has_blob(self, tenant: str, digest: str) -> bool:
        """Whether there is such a blob; its bytes are not checked."""

    @abstractmethod
    def delete_blob(self, tenant: str, digest: str) -> bool:
        """Delete a blob, also one that a turn refers to; the turn loses the reference.

        No byte of it is left in any file of the store; where it raises, as `delete_conversation`.

        Returns:
            Whether there was one.
        """

    # Conversations

    @abstractmethod
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
        """Write everything of a conversation that belongs to no turn, and turns, all or nothing.

        Args:
            tenant: Whose.
            conversation_id: A new or a known one.
            document: JSON text.
            turns: As in `save_turn`; stored turns of other indexes stay as they are.
            new_blobs: As there; each must be named in one of `turns`.
            revision: The revision it must have now; 0: it must be new; `None`: whatever it has.

        Returns:
            The new revision.

        Raises:
            ConfigurationError: A new blob is named in no turn.
            NotStoredError: A revision above 0 was named and there is no such conversation, or one
                of the blobs is missing.
            StorageConflictError: It has another revision.
        """

    @abstractmethod
    def save_turn(
        self,
        tenant: str,
        conversation_id: str,
        *,
        turn: StoredTurn,
        new_blobs: Sequence[BlobSource] = (),
        revision: int | None = None,
    ) -> int:
        """Write a turn together with its blobs, all or nothing; a turn of this index is replaced.

        A blob that only the replaced turn needed is deleted.

        Args:
            tenant: Whose.
            conversation_id: One that was saved before.
            turn: Each digest in `turn.blobs` must be stored already or be one of `new_blobs`.
            new_blobs: Blobs to keep; each must be named in `turn.blobs`.
            revision: The revision the conversation must have now; `None`: whatever it has.

        Returns:
            The conversation's new revision.

        Raises:
            ConfigurationError: A new blob is not named in `turn.blobs`.
            NotStoredError: There is no such conversation, or one of the blobs is missing.
            StorageConflictError: The conversation has another revision.
        """

    @abstractmethod
    def delete_turns(
        self, tenant: str, conversation_id: str, *, start: int, revision: int | None = None
    ) -> int:
        """Delete all turns from an index on, and every blob that nothing needs any more.

        Returns:
            The conversation's new revision.

        Raises:
            NotStoredError: There is no such conversation.
            StorageConflictError: The conversation has another revision.
        """

    @abstractmethod
    def load_conversation(self, tenant: str, conversation_id: str) -> StoredConversation:
        """A conversation with all its turns, as of one moment.

        Raises:
            NotStoredError: There is no such conversation.
            StorageCorruptError: A turn or the conversation does not match its digest.
        """

    @abstractmethod
    def list_conversations(self, tenant: str) -> tuple[ConversationSummary, ...]:
        """All conversations of a tenant, last changed first."""

    @abstractmethod
    def delete_conversation(self, tenant: str, conversation_id: str) -> bool:
        """Delete a conversation with its turns and every blob that nothing else needs.

        Where the store keeps the books of a budget, its account in them goes too.

        No byte of them is left in any file of the store when this has returned. Where it raises,
        the conversation may be gone and its bytes may not: the same call again, any other deletion
        and `clean` remove what one before them left, also when there is nothing else to delete.

        Returns:
            Whether there was one.
        """

    # Ledger

    @abstractmethod
    def append_charge(self, tenant: str, charge: Charge) -> None:
        """Write an entry of the ledger; one with a known `charge_id` is left as it is."""

    @abstractmethod
    def list_charges(
        self, tenant: str, *, since: float | None = None, until: float | None = None
    ) -> Iterator[Charge]:
        """The charges with `since <= at < until`, oldest first, read as they are asked for.

        Those that are written meanwhile may or may not be among them.
        """

    def sum_charges(
        self, tenant: str, *, since: float | None = None, until: float | None = None
    ) -> tuple[ChargeSum, ...]:
        """Sums of the charges with `since <= at < until`, oldest day first, then by name."""
        return sum_by_day(self.list_charges(tenant, since=since, until=until))

    # Cache

    @abstractmethod
    def save_cached(
        self, tenant: str, key: str, *, value: bytes, document: str, lifetime_s: float
    ) -> None:
        """Keep a value under a key until its time is over or room is needed."""

    @abstractmethod
    def load_cached(self, tenant: str, key: str) -> CachedValue | None:
        """The exact value that was last saved under a key, or `None`: never saved, expired, gone.

        Raises:
            StorageCorruptError: It is damaged.
        """

    @abstractmethod
    def delete_cached(self, tenant: str, key: str) -> bool:
        """Drop a cached value; whether there was one."""

    @abstractmethod
    def trim_cached(self, *, max_bytes: int) -> int:
        """Drop values of all tenants, expired ones first, then those not used for longest.

        Returns:
            How many were dropped; what is left is no larger than `max_bytes` together, each with
            its document: `CachedValue.n_bytes`.
        """

    # The whole

    @abstractmethod
    def secret(self, name: str) -> bytes:
        """32 random bytes of this store under a name, made when first asked for, then the same."""

    @abstractmethod
    def list_tenants(self) -> tuple[str, ...]:
        """Every tenant for whom anything is stored, sorted; books of a budget are something too."""

    @abstractmethod
    def measure(self, tenant: str) -> TenantSize:
        """How much is stored for a tenant."""

    @abstractmethod
    def clean(self) -> CleanReport:
        """Drop everything whose time is over, and every blob that nothing has claimed in time.

        No revision grows by it: whoever is writing to a conversation is not disturbed.
        """

    @abstractmethod
    def delete_tenant(self, tenant: str) -> None:
        """Delete everything of a tenant; no byte of it is left in any file of the store.

        Where it raises, as `delete_conversation`.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what the store holds; closing twice is harmless."""

    def __enter__(self) -> Self:
        """The store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
