"""What every store on tables shares: blobs, conversations, ledger and cache."""

from ossicle.storage.tables.files import Files
from ossicle.storage.tables.ledger import TableLedger
from ossicle.storage.tables.rows import Found, Rows, TableDatabase
from ossicle.storage.tables.store import TableStore

__all__ = ["Files", "Found", "Rows", "TableDatabase", "TableLedger", "TableStore"]
