from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ossicle.storage import SqliteStore
from ossicle.storage.sqlite import schema


def tables(folder: Path) -> list[tuple[str, ...]]:
    database = sqlite3.connect(folder / "ossicle.sqlite3")
    found = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    database.close()
    return found


@pytest.mark.parametrize("version", range(1, len(schema.MIGRATIONS)))
def test_an_older_store_becomes_a_present_one_and_keeps_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
        with SqliteStore(tmp_path / "old") as store:
            store.save_conversation("a", "c", document="{}")
    with SqliteStore(tmp_path / "old") as store:
        assert store.load_conversation("a", "c").document == "{}"
    SqliteStore(tmp_path / "new").close()
    assert tables(tmp_path / "old") == tables(tmp_path / "new")


def test_a_failed_step_leaves_the_older_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqliteStore(tmp_path / "store").close()
    before = tables(tmp_path / "store")
    broken = (*schema.MIGRATIONS, "CREATE TABLE more (x); CREATE TABLE more (x)")
    with monkeypatch.context() as newer:
        newer.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(Exception, match="database failed"):
            SqliteStore(tmp_path / "store")
    assert tables(tmp_path / "store") == before
    SqliteStore(tmp_path / "store").close()
