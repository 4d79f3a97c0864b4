"""State that survives: conversations, their audio, the ledger and cached values."""

from ossicle.storage.cache import AudioCache, Cacheable, CacheFigures, Fetched
from ossicle.storage.cache_key import cache_key, digest_samples, request_facts
from ossicle.storage.memory_store import MemoryStore
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
from ossicle.storage.sqlite import SqliteStore
from ossicle.storage.sqlite.opening import default_folder
from ossicle.storage.store import UNCLAIMED_S, BlobSource, Store
from ossicle.storage.tables import TableLedger, TableStore

__all__ = [
    "UNCLAIMED_S",
    "AudioCache",
    "BlobSource",
    "CacheFigures",
    "Cacheable",
    "CachedValue",
    "Charge",
    "ChargeSum",
    "CleanReport",
    "ConversationSummary",
    "Fetched",
    "MemoryStore",
    "SqliteStore",
    "Store",
    "StoredConversation",
    "StoredTurn",
    "TableLedger",
    "TableStore",
    "TenantSize",
    "cache_key",
    "default_folder",
    "digest_samples",
    "request_facts",
]
