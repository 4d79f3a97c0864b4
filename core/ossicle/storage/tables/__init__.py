"""What every store on tables shares: blobs, conversations, ledger and cache."""

from ossicle.storage.tables.connection import Connection, Cursor, TableDatabase
from ossicle.storage.tables.files import Files
from ossicle.storage.tables.ledger import TableLedger
from ossicle.storage.tables.store import TableStore

__all__ = ["Connection", "Cursor", "Files", "TableDatabase", "TableLedger", "TableStore"]
