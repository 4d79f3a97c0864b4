"""The tables of a store, the same in SQLite and in PostgreSQL."""

from __future__ import annotations

import sqlite3

from ossicle.errors import SchemaVersionError, StorageError
from ossicle.storage.sqlite.database import Database

APPLICATION_ID = 0x6F737369
"""`ossi` in the header of the file, where SQLite keeps a place for it."""

TABLES = """
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    n_bytes INTEGER NOT NULL,
    data BLOB,
    file TEXT UNIQUE,
    unclaimed_until REAL NOT NULL,
    UNIQUE (tenant, digest),
    CHECK ((data IS NULL) <> (file IS NULL))
);
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    document BLOB NOT NULL,
    digest BLOB NOT NULL,
    UNIQUE (tenant, name)
);
CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    position INTEGER NOT NULL,
    document BLOB NOT NULL,
    digest BLOB NOT NULL,
    blobs_until REAL,
    UNIQUE (conversation, position)
);
CREATE TABLE turn_blobs (
    turn INTEGER NOT NULL REFERENCES turns ON DELETE CASCADE,
    place INTEGER NOT NULL,
    blob INTEGER NOT NULL REFERENCES blobs ON DELETE CASCADE,
    PRIMARY KEY (turn, place)
) WITHOUT ROWID;
CREATE INDEX turn_blobs_by_blob ON turn_blobs (blob);
CREATE TABLE charges (
    tenant TEXT NOT NULL,
    charge_id TEXT NOT NULL,
    at REAL NOT NULL,
    document BLOB NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (tenant, charge_id)
) WITHOUT ROWID;
CREATE INDEX charges_by_time ON charges (tenant, at);
CREATE TABLE cached (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    document BLOB NOT NULL,
    document_digest BLOB NOT NULL,
    digest TEXT NOT NULL,
    n_bytes INTEGER NOT NULL,
    data BLOB,
    file TEXT UNIQUE,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    used_at REAL NOT NULL,
    UNIQUE (tenant, key),
    CHECK ((data IS NULL) <> (file IS NULL))
);
CREATE INDEX cached_by_use ON cached (used_at, n_bytes);
CREATE INDEX cached_by_end ON cached (expires_at);
CREATE TABLE balances (
    account TEXT PRIMARY KEY,
    tenant TEXT,
    spent_tokens INTEGER NOT NULL,
    spent_money TEXT NOT NULL,
    held_tokens INTEGER NOT NULL,
    held_money TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE holds (
    hold_id TEXT PRIMARY KEY,
    tokens INTEGER NOT NULL,
    money TEXT NOT NULL,
    made_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX holds_by_age ON holds (made_at);
CREATE TABLE hold_accounts (
    hold_id TEXT NOT NULL REFERENCES holds ON DELETE CASCADE,
    account TEXT NOT NULL,
    PRIMARY KEY (hold_id, account)
) WITHOUT ROWID;
CREATE INDEX hold_accounts_by_account ON hold_accounts (account);
CREATE TABLE erasures (mark TEXT PRIMARY KEY) WITHOUT ROWID;
"""
"""All of them. `erasures` are deletions whose bytes may still be in free pages, the log or files.
Nothing is released yet: a change of the tables is a new version that refuses the others."""

SCHEMA_VERSION = 1


def check_version(database: Database) -> None:
    """Refuse a database that is not ours or of a later version than this one knows.

    Raises:
        SchemaVersionError: It was written by another version of ossicle.
        StorageError: It belongs to another application.
    """
    with database.reading() as rows:
        version, owner = _version(rows), rows.execute("PRAGMA application_id").fetchone()[0]
        n_tables = rows.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (n_tables or version):
        raise StorageError(
            "the database belongs to another application", fix="Name another folder."
        )
    if version not in (0, SCHEMA_VERSION):
        raise SchemaVersionError(
            f"the store has schema version {version}; this ossicle knows {SCHEMA_VERSION}",
            fix="Install the ossicle that wrote it, or name another folder.",
        )


def create_tables(database: Database) -> None:
    """Make the tables of a new database, in one transaction."""
    with database.reading() as rows:
        if _version(rows) == SCHEMA_VERSION:
            return
    with database.writing() as rows:
        if _version(rows) == SCHEMA_VERSION:  # another process was faster
            return
        for statement in TABLES.split(";"):
            rows.execute(statement)
        rows.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        rows.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _version(rows: sqlite3.Connection) -> int:
    version: int = rows.execute("PRAGMA user_version").fetchone()[0]
    return version
