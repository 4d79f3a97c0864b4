from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from ossicle.errors import DependencyMissingError, SchemaVersionError, StorageError
from ossicle.policy import Allowance, Amount
from ossicle.storage import Store, StoredTurn, TableLedger
from ossicle_testing.conformance import StoreConformance
from ossicle_testing.vendors import ManualClock

psycopg = pytest.importorskip("psycopg")

from ossicle.storage.postgres import PostgresStore  # noqa: E402 - after the question for psycopg


class TestPostgresStore(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: ManualClock, postgres_url: str) -> Store:
        self.url = postgres_url
        return self.open_store(tmp_path, clock)

    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return PostgresStore(self.url, namespace=uuid.uuid4().hex, clock=clock)


class TestPostgresStoreWithBlobsElsewhere(TestPostgresStore):
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        name = uuid.uuid4().hex
        return PostgresStore(
            self.url, namespace=name, blobs=f"local://{folder}-blobs/deep", clock=clock
        )


def test_blobs_at_a_url_are_swept_by_a_cleaning(postgres_url: str, tmp_path: Path) -> None:
    blobs, large = f"file://{tmp_path}", b"voice" * 50_000
    with PostgresStore(postgres_url, namespace="apart", blobs=blobs) as store:
        digest = store.put_blob("a", large)
        (folder,) = tmp_path.iterdir()
        (folder / ("f" * 64)).write_bytes(b"left")
        with PostgresStore(postgres_url, namespace="apart", blobs=blobs) as other:
            assert other.read_blob("a", digest) == large
            assert len(list(folder.iterdir())) == 2
            other.clean()
        assert [path.read_bytes() for path in folder.iterdir()] == [large]
    with pytest.raises(StorageError, match="another place"):
        PostgresStore(postgres_url, namespace="apart")
    with pytest.raises(StorageError, match="another place"):
        PostgresStore(postgres_url, namespace="apart", blobs="memory://elsewhere")


def test_two_openings_share_one_store(postgres_url: str) -> None:
    name = 'odd "name"'
    with PostgresStore(postgres_url, namespace=name) as first:
        first.save_conversation("a", "c", document="{}")
        with PostgresStore(postgres_url, namespace=name) as second:
            second.save_turn("a", "c", turn=StoredTurn(index=0, document="[0]"))
            ledger = TableLedger(second)
            ledger.hold("1", Amount(tokens=3), {("day", "a", "x"): Allowance(tokens=3)})
        assert first.load_conversation("a", "c").turns[0].document == "[0]"
        assert TableLedger(first).held(("day", "a", "x")).tokens == 3


def test_a_lost_connection_fails_one_call_only(postgres_url: str) -> None:
    with PostgresStore(postgres_url, namespace="lost") as store:
        store.save_conversation("a", "c", document="{}")
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        with pytest.raises(StorageError) as caught:
            store.save_conversation("a", "d", document="{}")
        assert caught.value.retryable
        store.save_conversation("a", "d", document="{}")
        assert len(store.list_conversations("a")) == 2


def test_a_newer_schema_is_refused(postgres_url: str) -> None:
    with PostgresStore(postgres_url, namespace="newer") as store, store.database.writing() as rows:
        rows.execute("INSERT INTO versions (version) VALUES (99)")
    with pytest.raises(SchemaVersionError, match="99"):
        PostgresStore(postgres_url, namespace="newer")


def test_an_error_shows_no_address(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        PostgresStore(f"postgresql://ann:secret@/x?host={tmp_path}", busy_timeout_s=0.1)
    assert "secret" not in f"{caught.value!r} {caught.value.__cause__}"
    assert caught.value.__suppress_context__


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DependencyMissingError, match=r"ossicle\[postgres\]"):
        PostgresStore("postgresql://nowhere/x")
