"""What a store in memory holds of one tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ossicle.storage.records import Charge, StoredConversation, StoredTurn


@dataclass(slots=True)
class Blob:
    """Bytes, and until when they are kept although nothing refers to them."""

    data: bytes
    unclaimed_until: float


@dataclass(slots=True)
class Shelf:
    """Everything of one tenant but cached values."""

    blobs: dict[str, Blob] = field(default_factory=dict)
    conversations: dict[str, StoredConversation] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)

    def delete_blob(self, digest: str) -> bool:
        """Delete a blob and every reference to it; whether there was one."""
        if self.blobs.pop(digest, None) is None:
            return False
        for key, stored in self.conversations.items():
            turns = tuple(_without(turn, digest) for turn in stored.turns)
            self.conversations[key] = stored.model_copy(update={"turns": turns})
        return True

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

    def expire_blobs(self, now: float) -> int:
        """Take their blobs from the turns that were to keep them no longer; how many turns."""
        count = 0
        for key, stored in self.conversations.items():
            due = {
                turn.index
                for turn in stored.turns
                if turn.blobs and turn.blobs_until is not None and turn.blobs_until <= now
            }
            turns = tuple(
                turn.model_copy(update={"blobs": ()}) if turn.index in due else turn
                for turn in stored.turns
            )
            self.conversations[key] = stored.model_copy(update={"turns": turns})
            count += len(due)
        return count


def _without(turn: StoredTurn, digest: str) -> StoredTurn:
    if digest not in turn.blobs:
        return turn
    blobs = tuple(each for each in turn.blobs if each != digest)
    return turn.model_copy(update={"blobs": blobs})
