"""The tables of a store in PostgreSQL: those of SQLite, in its words."""

from __future__ import annotations

import re

from ossicle.errors import SchemaVersionError
from ossicle.storage.postgres.database import PostgresDatabase
from ossicle.storage.sqlite.schema import SCHEMA_VERSION, TABLES

_TYPES = {
    r"\bid INTEGER PRIMARY KEY": "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    r"\bINTEGER\b": "BIGINT",
    r"\bREAL\b": "DOUBLE PRECISION",
    r"\bBLOB\b": "BYTEA",
    r"\bWITHOUT ROWID\b": "",
    # PostgreSQL compares text byte by byte, as SQLite does, only when it is told to.
    r"\bTEXT\b": 'TEXT COLLATE "C"',
}


def create_tables(database: PostgresDatabase, *, namespace: str) -> None:
    """Make the tables where there are none, in one transaction.

    Raises:
        SchemaVersionError: They were written by another version of ossicle.
    """
    with database.writing() as rows:
        quoted = '"' + namespace.replace('"', '""') + '"'
        rows.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
        rows.execute("CREATE TABLE IF NOT EXISTS versions (version BIGINT NOT NULL)")
        version = rows.execute("SELECT coalesce(max(version), 0) FROM versions").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            raise SchemaVersionError(
                f"the store has schema version {version}; this ossicle knows {SCHEMA_VERSION}",
                fix="Install the ossicle that wrote it, or name another database.",
            )
        if version == SCHEMA_VERSION:
            return
        for statement in TABLES.split(";"):
            if statement.strip():
                rows.execute(_translate(statement))
        rows.execute("INSERT INTO versions (version) VALUES (?)", (SCHEMA_VERSION,))


def _translate(statement: str) -> str:
    for pattern, replacement in _TYPES.items():
        statement = re.sub(pattern, replacement, statement)
    return statement
