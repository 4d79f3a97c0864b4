"""Blobs at a URL: nothing half-written is read, nothing of others is swept, nothing is shown."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.core.storage.tables.conftest import FtpServer

from ossicle.errors import (
    ConfigurationError,
    DependencyMissingError,
    NotStoredError,
    StorageCorruptError,
    StorageError,
)
from ossicle.storage import SqliteStore
from ossicle.storage.tables import Files
from ossicle.storage.tables.remote_folder import RemoteFolder

LARGE = b"voice" * 50_000


@pytest.fixture(params=["file", "local", "ftp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A URL and the folder of this machine where its files turn out to be."""
    if request.param != "ftp":
        yield f"{request.param}://{tmp_path / 'far'}", tmp_path / "far"
        return
    server: FtpServer = request.getfixturevalue("ftp_server")
    yield server.url, server.folder / "voices"
    shutil.rmtree(server.folder / "voices", ignore_errors=True)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_large_blobs_lie_there_under_names_that_tell_nothing(
    tmp_path: Path, place: tuple[str, Path]
) -> None:
    url, far = place
    with SqliteStore(tmp_path / "store", blobs=url) as store:
        digest = store.put_blob("ann", LARGE)
        store.put_blob("ann", b"small")
        store.put_blob("bob", LARGE)
        store.save_cached("ann", "k", value=LARGE, document="{}", lifetime_s=9)
        found = files_in(far)
        assert [path.read_bytes() for path in found] == [LARGE] * 3
        assert all(re.fullmatch("[0-9a-f]{64}", path.name) for path in found)
        assert digest.removeprefix("sha256:") not in {path.name for path in found}
        assert not (tmp_path / "store" / "blobs").exists()
        store.delete_tenant("ann")
        assert len(files_in(far)) == 1
        assert store.read_blob("bob", digest) == LARGE


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_file_is_noticed_and_repaired(
    tmp_path: Path, place: tuple[str, Path], damage: str
) -> None:
    url, far = place
    with SqliteStore(tmp_path / "store", blobs=url) as store:
        digest = store.put_blob("a", LARGE)
        store.put_blob("a", LARGE + b"2")
        path = next(path for path in files_in(far) if path.read_bytes() == LARGE)
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(LARGE[:-1] + (b"?" if damage == "flip" else b""))
        with pytest.raises(StorageCorruptError):
            store.read_blob("a", digest)
        store.put_blob("a", LARGE)
        assert store.read_blob("a", digest) == LARGE


def test_the_next_start_sweeps_its_own_left_overs_alone(
    tmp_path: Path, place: tuple[str, Path]
) -> None:
    url, far = place
    with (
        SqliteStore(tmp_path / "one", blobs=url) as one,
        SqliteStore(tmp_path / "two", blobs=url) as two,
    ):
        digest = one.put_blob("a", LARGE)
        kept = files_in(far)[0]
        two.put_blob("a", LARGE)
    left = [kept.with_name("f" * 64), kept.with_name(f".{'f' * 16}.part")]
    for path in left:
        path.write_bytes(b"left")
    (kept.parent / "letter.txt").write_bytes(b"dear")
    SqliteStore(tmp_path / "two", blobs=url).close()
    assert all(path.exists() for path in left)  # Of the other store.
    with SqliteStore(tmp_path / "one", blobs=url) as one:
        assert not any(path.exists() for path in left)
        assert (kept.parent / "letter.txt").exists()
        assert one.read_blob("a", digest) == LARGE


class SlowFolder(RemoteFolder):
    """Has the bytes in place, and waits before it says so."""

    written = threading.Event()
    go_on = threading.Event()

    def write(self, name: str, data: bytes) -> None:
        super().write(name, data)
        self.written.set()
        assert self.go_on.wait(20)


def test_a_sweep_never_takes_what_another_is_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"local://{tmp_path / 'far'}"
    with monkeypatch.context() as slow:
        slow.setattr("ossicle.storage.tables.blob_url.RemoteFolder", SlowFolder)
        writer = SqliteStore(tmp_path / "store", blobs=url)
    digests: list[str] = []
    writing = threading.Thread(target=lambda: digests.append(writer.put_blob("a", LARGE)))
    with SqliteStore(tmp_path / "store", blobs=url) as other:
        writing.start()
        assert SlowFolder.written.wait(20)
        assert len(files_in(tmp_path / "far")) == 1  # There, and no row names it yet.
        cleaning = threading.Thread(target=other.clean)
        opening = threading.Thread(
            target=lambda: SqliteStore(tmp_path / "store", blobs=url).close()
        )
        cleaning.start()
        opening.start()
        SlowFolder.go_on.set()
        for thread in (writing, cleaning, opening):
            thread.join(20)
        assert other.read_blob("a", digests[0]) == LARGE
    writer.close()


class _Deadly(Files):
    def reached(self, point: str) -> None:
        if point == os.environ["DIES_AT"]:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("point", ["rows written", "committed"])
def test_a_file_is_in_place_before_its_row_and_goes_after_it(
    tmp_path: Path, place: tuple[str, Path], point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, far = place
    monkeypatch.setenv("DIES_AT", point)
    SqliteStore(tmp_path / "store", blobs=url).close()
    for action in ("put", "delete"):
        if (child := os.fork()) == 0:  # pragma: no cover - in the child
            try:
                monkeypatch.setenv("DIES_AT", "nowhere")
                store = SqliteStore(tmp_path / "store", blobs=url, files=_Deadly())
                if action == "delete":
                    digest = store.put_blob("a", LARGE)
                monkeypatch.setenv("DIES_AT", point)
                store.put_blob("a", LARGE) if action == "put" else store.delete_blob("a", digest)
            finally:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert len(files_in(far)) == 1
        with SqliteStore(tmp_path / "store", blobs=url) as store:
            n_blobs = store.measure("a").blobs
            assert n_blobs == (action == "put") ^ (point == "rows written")
            assert len(files_in(far)) == n_blobs
            store.delete_tenant("a")


def test_a_server_that_is_away_fails_one_call_and_shows_nothing(tmp_path: Path) -> None:
    server = FtpServer(tmp_path)
    server.start()
    url = server.url
    with SqliteStore(tmp_path / "store", blobs=url) as store:
        digest = store.put_blob("a", LARGE)
        server.stop()
        actions: list[Any] = [
            lambda: store.read_blob("a", digest),
            lambda: store.put_blob("a", LARGE + b"2"),
            lambda: SqliteStore(tmp_path / "store", blobs=url),
        ]
        for action in actions:
            with pytest.raises(StorageError) as caught:
                action()
            assert not isinstance(caught.value, (StorageCorruptError, NotStoredError))
            assert caught.value.retryable
            assert caught.value.__suppress_context__
            assert not any(word in repr(caught.value) for word in ("ottilie", "geheim", "127"))
        server.start()
        assert store.read_blob("a", digest) == LARGE  # Over a new connection, by itself.
        assert store.measure("a").blobs == 1
        server.stop()
        server.start()
        assert store.put_blob("a", LARGE + b"2")
    server.stop()


def test_a_malformed_database_leaves_its_blobs_for_a_rescue(
    tmp_path: Path, place: tuple[str, Path]
) -> None:
    url, far = place
    with SqliteStore(tmp_path / "store", blobs=url) as store:
        store.put_blob("a", LARGE)
    path = tmp_path / "store" / "ossicle.sqlite3"
    path.write_bytes(b"\xa5" * path.stat().st_size)
    with SqliteStore(tmp_path / "store", blobs=url) as store:
        store.clean()
        assert [each.read_bytes() for each in files_in(far)] == [LARGE]
        store.put_blob("a", LARGE)
        assert len(files_in(far)) == 2
        store.discard_quarantined()
        assert len(files_in(far)) == 1
        assert store.quarantined == ()


def test_a_store_is_not_opened_without_its_blobs(tmp_path: Path, place: tuple[str, Path]) -> None:
    url, _ = place
    with SqliteStore(tmp_path / "store", blobs=url) as store:
        store.put_blob("a", LARGE)
    with pytest.raises(StorageError, match="another place"):
        SqliteStore(tmp_path / "store")
    with pytest.raises(StorageError, match="another place"):
        SqliteStore(tmp_path / "store", blobs=f"file://{tmp_path}/elsewhere")
    with SqliteStore(tmp_path / "beside") as store:
        store.put_blob("a", LARGE)
    with pytest.raises(StorageError, match="another place"):
        SqliteStore(tmp_path / "beside", blobs=url)


@pytest.mark.parametrize("url", ["", "voices", "/tmp/voices", "file://voices"])
def test_what_is_no_url_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError):
        SqliteStore(tmp_path / "store", blobs=url)


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(DependencyMissingError, match="s3fs"):
        SqliteStore(tmp_path / "store", blobs="s3://voices")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(DependencyMissingError, match=r"ossicle\[fsspec\]"):
        SqliteStore(tmp_path / "store", blobs="memory://voices")


def test_an_unknown_kind_of_url_is_typed(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        SqliteStore(tmp_path / "store", blobs="nothing://voices")
