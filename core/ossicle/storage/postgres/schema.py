"""The tables of a store in PostgreSQL, and how an older version becomes the present one."""

from __future__ import annotations

import re

from ossicle.errors import SchemaVersionError
from ossicle.storage.postgres.database import PostgresDatabase
from ossicle.storage.sqlite import schema as sqlite_schema

_TYPES = {
    r"\bid INTEGER PRIMARY KEY": "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    r"\bINTEGER\b": "BIGINT",
    r"\bREAL\b": "DOUBLE PRECISION",
    r"\bBLOB\b": "BYTEA",
    r"\bWITHOUT ROWID\b": "",
    # PostgreSQL compares text byte by byte, as SQLite does, only when it is told to.
    r"\bTEXT\b": 'TEXT COLLATE "C"',
}


def migrate(database: PostgresDatabase, *, namespace: str) -> None:
    """Bring the tables to the present version, in one transaction.

    Raises:
        SchemaVersionError: They were written by a newer ossicle.
    """
    migrations = sqlite_schema.MIGRATIONS
    with database.writing() as rows:
        quoted = '"' + namespace.replace('"', '""') + '"'
        rows.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
        rows.execute("CREATE TABLE IF NOT EXISTS versions (version BIGINT NOT NULL)")
        version = rows.execute("SELECT coalesce(max(version), 0) FROM versions").fetchone()[0]
        if version > len(migrations):
            raise SchemaVersionError(
                f"the store has schema version {version}; this ossicle knows {len(migrations)}",
                fix="Install a newer ossicle, or name another database.",
            )
        for number in range(version, len(migrations)):
            for statement in migrations[number].split(";"):
                if statement.strip():
                    rows.execute(_translate(statement))
            rows.execute("INSERT INTO versions (version) VALUES (?)", (number + 1,))


def _translate(statement: str) -> str:
    for pattern, replacement in _TYPES.items():
        statement = re.sub(pattern, replacement, statement)
    return statement
