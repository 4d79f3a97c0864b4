"""State that survives: conversations, their audio, the ledger and cached values."""

from ossicle.storage.memory_store import MemoryStore
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
from ossicle.storage.sqlite import SqliteStore
from ossicle.storage.store import UNCLAIMED_S, BlobSource, Store

__all__ = [
    "UNCLAIMED_S",
    "BlobSource",
    "CachedValue",
    "Charge",
    "ChargeSum",
    "CleanReport",
    "ConversationSummary",
    "MemoryStore",
    "SqliteStore",
    "Store",
    "StoredConversation",
    "TenantSize",
    "Turn",
]
