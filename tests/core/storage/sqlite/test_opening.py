from __future__ import annotations

import logging
import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from ossicle.errors import SchemaVersionError, StorageCorruptError, StorageError
from ossicle.storage import Charge, SqliteStore, StoredTurn
from ossicle.storage.sqlite.opening import default_folder

LARGE = b"voice" * 50_000


def filled(folder: Path) -> str:
    with SqliteStore(folder) as store:
        store.save_conversation("a", "c", document="{}")
        digest = store.put_blob("a", LARGE)
        store.save_turn("a", "c", turn=StoredTurn(index=0, document="[0]", blobs=(digest,)))
    return digest


def blob_file(folder: Path) -> Path:
    (path,) = (folder / "blobs").iterdir()
    return path


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    digest = filled(tmp_path / "store")
    with SqliteStore(tmp_path / "store") as store:
        assert store.load_conversation("a", "c").turns[0].document == "[0]"
        assert store.read_blob("a", digest) == LARGE


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_files_are_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = tmp_path / "store"
        filled(folder)
        store = SqliteStore(folder)
        store.put_blob("a", LARGE + b"2")
        modes = {
            path.relative_to(folder).parts[0]: stat.S_IMODE(path.stat().st_mode)
            for path in [folder, *folder.rglob("*")]
            if path != folder
        }
        store.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"ossicle.sqlite3", "ossicle.sqlite3-wal", "ossicle.sqlite3-shm"} < modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((folder / "blobs").stat().st_mode) == 0o700


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StorageError, match="other things"):
        SqliteStore(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_database_of_others_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    path = tmp_path / "store" / "ossicle.sqlite3"
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(StorageError, match="another application"):
        SqliteStore(tmp_path / "store")
    assert blob_file(tmp_path / "store").exists()


def test_a_file_or_a_link_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("file", "link"):
        with pytest.raises(StorageError):
            SqliteStore(tmp_path / name)
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind this user"
)
def test_a_folder_without_rights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="cannot use"):
        SqliteStore(tmp_path / "closed" / "store")


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    database = sqlite3.connect(tmp_path / "store" / "ossicle.sqlite3")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(SchemaVersionError, match="99"):
        SqliteStore(tmp_path / "store")
    assert blob_file(tmp_path / "store").exists()
    assert not list((tmp_path / "store").glob("quarantine-*"))


@pytest.mark.parametrize("n_moved", range(2))
def test_putting_aside_goes_on_after_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_moved: int
) -> None:
    """Else the blobs were swept, and an old log were taken for that of the new database."""
    folder, left, rename = tmp_path / "store", n_moved, Path.replace
    filled(folder)
    path, log = folder / "ossicle.sqlite3", folder / "ossicle.sqlite3-wal"
    with SqliteStore(folder) as store:
        store.put_blob("a", b"in the log")
        old_log = log.read_bytes()
    path.write_bytes(b"\xa5" * 4096)

    def crash(self: Path, target: Path) -> Path:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return rename(self, target)

    with monkeypatch.context() as crashing:
        crashing.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            SqliteStore(folder)
    if n_moved:
        assert not path.exists()
        log.write_bytes(old_log)
    with SqliteStore(folder) as store:
        assert store.list_tenants() == ()
        (aside,) = store.quarantined
        assert blob_file(aside).read_bytes() == LARGE
        assert (aside / path.name).read_bytes() == b"\xa5" * 4096
        assert not n_moved or (aside / log.name).read_bytes() == old_log


@pytest.mark.parametrize("start", [0, 4096])
def test_a_malformed_database_is_put_aside_with_its_blobs(
    tmp_path: Path, start: int, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "store"
    filled(folder)
    path = folder / "ossicle.sqlite3"
    data = bytearray(path.read_bytes())
    data[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING), SqliteStore(folder) as store:
        assert store.list_tenants() == ()
        (aside,) = store.quarantined
        assert (aside / "ossicle.sqlite3").read_bytes() == data
        assert blob_file(aside).read_bytes() == LARGE
        assert aside.name in caplog.text
        store.put_blob("a", LARGE)
        store.discard_quarantined()
        assert store.quarantined == ()
    with SqliteStore(folder) as store:
        assert store.measure("a").blobs == 1


def test_what_a_crash_left_behind_is_swept_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    digest = filled(folder)
    blobs = folder / "blobs"
    for name in ("0" * 64, f".{'0' * 16}.part", "note.txt"):
        (blobs / name).write_text("left behind")
    with SqliteStore(folder) as store:
        assert store.read_blob("a", digest) == LARGE
    assert len(list(blobs.iterdir())) == 2
    assert (blobs / "note.txt").exists()


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "link", "fifo"])
def test_a_damaged_blob_is_noticed_and_can_be_repaired(tmp_path: Path, damage: str) -> None:
    if damage == "fifo" and sys.platform == "win32":
        pytest.skip("no FIFOs")
    folder = tmp_path / "store"
    digest = filled(folder)
    path = blob_file(folder)
    victim = tmp_path / "victim"
    victim.write_bytes(LARGE)
    if damage == "flip":
        data = bytearray(LARGE)
        data[-1] ^= 1
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(LARGE[:-1])
    else:
        path.unlink()
        if damage == "link":
            path.symlink_to(victim)
        elif damage == "fifo":
            os.mkfifo(path)
    with SqliteStore(folder) as store:
        with pytest.raises(StorageError) as caught:
            store.read_blob("a", digest)
        assert isinstance(caught.value, StorageCorruptError)
        store.put_blob("a", LARGE)
        assert store.read_blob("a", digest) == LARGE
    assert victim.read_bytes() == LARGE
    assert not path.is_symlink()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE turns SET document = x'5b315d'",
        "UPDATE turns SET position = 5",
        "UPDATE conversations SET document = x'5b5d'",
        "UPDATE conversations SET document = 'text'",
        "UPDATE conversations SET revision = 'text'",
    ],
)
def test_a_changed_row_is_noticed(tmp_path: Path, statement: str) -> None:
    filled(tmp_path / "store")
    database = sqlite3.connect(tmp_path / "store" / "ossicle.sqlite3", isolation_level=None)
    database.execute(statement)
    database.close()
    with SqliteStore(tmp_path / "store") as store, pytest.raises(StorageCorruptError):
        store.load_conversation("a", "c")


@pytest.mark.parametrize("value", ["x'00'", "'text'", "x'7b7d'"])
def test_a_changed_charge_is_noticed(tmp_path: Path, value: str) -> None:
    with SqliteStore(tmp_path / "store") as store:
        store.append_charge("a", Charge(charge_id="1", at=0.0, provider="p", model="m"))
        with store.database.writing() as rows:
            rows.execute(f"UPDATE charges SET document = {value}")
        with pytest.raises(StorageCorruptError):
            store.sum_charges("a")


def test_a_changed_small_blob_is_noticed(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store") as store:
        digest = store.put_blob("a", b"small")
        store.save_cached("a", "k", value=b"small", document="{}", lifetime_s=1e6)
        database = sqlite3.connect(tmp_path / "store" / "ossicle.sqlite3", isolation_level=None)
        database.execute("UPDATE blobs SET data = x'00'")
        database.execute("UPDATE cached SET data = x'00'")
        database.close()
        with pytest.raises(StorageCorruptError):
            store.read_blob("a", digest)
        with pytest.raises(StorageCorruptError):
            store.load_cached("a", "k")
        store.put_blob("a", b"small")
        assert store.read_blob("a", digest) == b"small"


def test_the_default_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("data") / "ossicle")
    assert default_folder() == Path("data") / "ossicle" / "store"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_store_is_not_used_across_a_fork(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store")
    if (child := os.fork()) == 0:  # pragma: no cover - in the child
        try:
            store.list_tenants()
        except StorageError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    store.save_conversation("a", "c", document="{}")
    store.close()
