"""The tables are made once; a store of another version, or of another application, is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ossicle.errors import SchemaVersionError, StorageError
from ossicle.storage import SqliteStore
from ossicle.storage.sqlite import schema


def edited(folder: Path, statement: str) -> None:
    database = sqlite3.connect(folder / "ossicle.sqlite3")
    database.execute(statement)
    database.commit()
    database.close()


def tables(folder: Path) -> list[tuple[str, ...]]:
    database = sqlite3.connect(folder / "ossicle.sqlite3")
    found = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    database.close()
    return found


@pytest.mark.parametrize("version", [schema.SCHEMA_VERSION + 1, 99])
def test_a_store_of_another_version_is_refused_and_left_as_it_is(
    tmp_path: Path, version: int
) -> None:
    with SqliteStore(tmp_path) as store:
        store.save_conversation("a", "c", document="{}")
    before = tables(tmp_path)
    edited(tmp_path, f"PRAGMA user_version = {version}")
    with pytest.raises(SchemaVersionError, match=f"version {version};"):
        SqliteStore(tmp_path)
    assert tables(tmp_path) == before
    edited(tmp_path, f"PRAGMA user_version = {schema.SCHEMA_VERSION}")
    with SqliteStore(tmp_path) as store:
        assert store.load_conversation("a", "c").document == "{}"


def test_a_database_of_another_application_is_refused(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    edited(tmp_path, "PRAGMA application_id = 7")
    with pytest.raises(StorageError, match="another application"):
        SqliteStore(tmp_path)


def test_making_the_tables_leaves_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(schema, "TABLES", schema.TABLES + "CREATE TABLE turns (x);")
        with pytest.raises(StorageError, match="database failed"):
            SqliteStore(tmp_path)
    assert tables(tmp_path) == []
    SqliteStore(tmp_path).close()
    assert "turns" in {name for name, *_ in tables(tmp_path)}
