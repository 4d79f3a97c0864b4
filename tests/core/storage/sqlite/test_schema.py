from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ossicle.client import recorded_stats
from ossicle.errors import SchemaVersionError
from ossicle.messages import Usage
from ossicle.storage import Charge, SqliteStore
from ossicle.storage.sqlite import schema
from ossicle.storage.tables.checksummed import seal
from ossicle.storage.validation import digest_of


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


def test_charges_of_schema_2_are_counted_on_with_those_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text as ossicle wrote it then; an older ossicle refuses the store from now on."""
    text = (
        b'{"charge_id":"turn_1","at":5.0,"provider":"echo","model":"chat","conversation_id":null,'
        b'"outcome":"finished","input_tokens":1,"output_tokens":25,"input_audio_tokens":0,'
        b'"output_audio_tokens":22,"input_audio_s":0.0,"output_audio_s":1.08,"amount":"0",'
        b'"currency":"USD"}'
    )
    place, older = tmp_path / "store", schema.MIGRATIONS[:2]
    present = len(schema.MIGRATIONS)
    with monkeypatch.context() as then:
        then.setattr(schema, "MIGRATIONS", older)
        with SqliteStore(place) as store, store.database.writing() as rows:
            rows.execute(
                "INSERT INTO charges (tenant, charge_id, at, document, digest) VALUES (?,?,?,?,?)",
                ("ada", "turn_1", 5.0, text, seal(text, "turn_1")),
            )
    usage = Usage(input_tokens=1, output_tokens=25, input_audio_tokens=0, output_audio_tokens=22)
    with SqliteStore(place) as store:
        new = Charge(charge_id="turn_2", at=6.0, provider="echo", model="chat", latency_s=2.0)
        store.append_charge("ada", new)
        old, again = store.list_charges("ada")
        assert again == new
        assert (old.usage, old.outcome, old.latency_s) == (usage, "finished", None)
        assert old.amount == 0
        [day] = store.sum_charges("ada")
        assert (day.calls, day.output_audio_tokens) == (2, 22)
        total = recorded_stats(store).snapshot().total
        assert (total.calls, total.usage.output_tokens) == (2, 25)
        assert total.latency is not None
        assert total.latency.count == 1
    with monkeypatch.context() as then:
        then.setattr(schema, "MIGRATIONS", older)
        with pytest.raises(SchemaVersionError, match=f"version {present};"):
            SqliteStore(place)


def test_cached_values_of_schema_3_count_with_their_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then a transcript had no size."""
    place, document = tmp_path / "store", '"é"'.encode()
    with monkeypatch.context() as then:
        then.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:3])
        with SqliteStore(place) as store, store.database.writing() as rows:
            digest = digest_of(b"value")
            rows.execute(
                "INSERT INTO cached (tenant, key, document, document_digest, digest, n_bytes, data,"
                " created_at, expires_at, used_at) VALUES ('ada', 'k', ?, ?, ?, 5, ?, 0, 9e9, 0)",
                (document, seal(document, digest), digest, b"value"),
            )
    with SqliteStore(place) as store:
        assert store.measure("ada").cached_bytes == 5 + 4
        found = store.load_cached("ada", "k")
        assert found is not None
        assert (found.value, found.document, found.n_bytes) == (b"value", '"é"', 9)


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
