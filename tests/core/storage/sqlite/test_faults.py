"""The n-th file operation fails, for every n until a run completes: SQLite's way of testing."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from tests.model_store import ModelStore
from tests.nightly.thresholds.operations import KINDS, NOW, Operation, clock, dump, orphans

from ossicle.errors import OssicleError, StorageError
from ossicle.storage import AudioCache, Cacheable, Charge, SqliteStore, StoredTurn
from ossicle.storage.tables import Files


class FaultyFiles(Files):
    """Fails at the n-th call, and at every later one if the trouble stays."""

    def __init__(self, *, at: int, number: int, is_lasting: bool = False) -> None:
        self.calls = 0
        self.at = at
        self.number = number
        self.is_lasting = is_lasting
        self.is_unlinking = False

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.at or (self.is_lasting and self.calls > self.at):
            raise OSError(self.number, os.strerror(self.number))

    def make_folder(self, path: Path) -> None:
        self._call()
        super().make_folder(path)

    def create(self, path: Path) -> int:
        self._call()
        return super().create(path)

    def open(self, path: Path) -> int:
        self._call()
        return super().open(path)

    def write(self, handle: int, data: bytes | memoryview) -> int:
        self._call()
        # A short write is no fault: it must be followed by the rest.
        return super().write(handle, data[: max(1, len(data) // 2)])

    def sync(self, handle: int) -> None:
        self._call()
        super().sync(handle)

    def replace(self, source: Path, target: Path) -> None:
        self._call()
        super().replace(source, target)

    def sync_folder(self, path: Path) -> None:
        self._call()
        super().sync_folder(path)

    def unlink(self, path: Path) -> None:
        # A file that cannot be deleted now is no reason to fail what is done already.
        self.is_unlinking = True
        self._call()
        self.is_unlinking = False
        super().unlink(path)


Filled = tuple[Path, list[Operation], dict[str, object]]
"""A folder, what was done to it, and what it holds."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A store with something of everything, and how it came to be."""
    folder = tmp_path_factory.mktemp("filled") / "store"
    made = [
        Operation(kind=kind, number=number)
        for number in range(12)
        for kind in ("save_conversation", "save_turn", "save_cached", "put_blob")
    ]
    with SqliteStore(folder, clock=clock) as store:
        for operation in made:
            operation.apply(store)
    return folder, made, model_of(made)


def model_of(operations: list[Operation]) -> dict[str, object]:
    model = ModelStore(clock=clock)
    for operation in operations:
        operation.apply(model)
    return dump(model)


def check_after(filled: Filled, folder: Path, operation: Operation) -> None:
    """All or nothing, a valid database, no orphans."""
    _, made, before = filled
    with SqliteStore(folder, clock=clock) as store:
        assert store.quarantined == ()
        found = dump(store)
        assert found == before or found == model_of([*made, operation])
    assert orphans(folder) == 0
    database = sqlite3.connect(folder / "ossicle.sqlite3")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
@pytest.mark.parametrize("is_lasting", [False, True])
def test_the_nth_fault_is_typed_and_leaves_all_or_nothing(
    tmp_path: Path, filled: Filled, kind: str, is_lasting: bool
) -> None:
    source = filled[0]
    numbers = itertools.cycle((errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE))
    for at, number in zip(itertools.count(1), numbers, strict=False):
        folder = tmp_path / str(at)
        shutil.copytree(source, folder)
        files = FaultyFiles(at=10**9, number=number, is_lasting=is_lasting)
        operation = Operation(kind=kind, number=7_000 + at)
        with SqliteStore(folder, clock=clock, files=files) as store:
            files.calls, files.at = 0, at
            caught = None
            try:
                operation.apply(store)
            except OssicleError as error:
                caught = error
            assert (caught is None) == (files.calls < at) or files.is_unlinking
            assert caught is None or isinstance(caught, StorageError)
            assert caught is None or isinstance(caught.__cause__, OSError)
        check_after(filled, folder, operation)
        if files.calls < at and at > 4:
            break


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_fault_while_opening_is_typed(tmp_path: Path, filled: Filled, number: int) -> None:
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        files = FaultyFiles(at=at, number=number)
        try:
            SqliteStore(folder, clock=clock, files=files).close()
        except StorageError:
            SqliteStore(folder, clock=clock).close()
        else:
            assert at > 2
            break


def write_some(store: SqliteStore, kind: str, number: int) -> None:
    """3 KB that no other number has."""
    text = f"{number:04d}" * 750
    if kind == "put_blob":
        store.put_blob("a", text.encode())
    elif kind == "save_turn":
        store.save_turn("a", "c", turn=StoredTurn(index=number, document=text))
    elif kind == "save_cached":
        store.save_cached("a", text[:8], value=text.encode(), document="{}", lifetime_s=1e6)
    else:
        store.append_charge("a", Charge(charge_id=text[:8], at=NOW, provider=text, model="m"))


@pytest.mark.parametrize("kind", ["put_blob", "save_turn", "save_cached", "append_charge"])
def test_a_full_database_is_typed_and_keeps_what_it_has(tmp_path: Path, kind: str) -> None:
    with SqliteStore(tmp_path / "store", clock=clock) as store:
        store.save_conversation("a", "c", document="{}")
        with store.database.reading() as rows:
            pages = rows.execute("PRAGMA page_count").fetchone()[0]
        with store.database.writing() as rows:
            rows.execute(f"PRAGMA max_page_count = {pages + 20}")
        sizes = []
        with pytest.raises(StorageError, match="full"):
            for number in range(100):
                write_some(store, kind, number)
                sizes.append(store.measure("a"))
        assert len(sizes) > 10
        assert store.measure("a") == sizes[-1]
    with SqliteStore(tmp_path / "store", clock=clock) as store:
        assert store.measure("a") == sizes[-1]
        write_some(store, kind, 100)
        assert store.measure("a") != sizes[-1]


def test_a_removed_folder_is_typed(tmp_path: Path, filled: Filled) -> None:
    folder = tmp_path / "store"
    shutil.copytree(filled[0], folder)
    store = SqliteStore(folder, clock=clock)
    shutil.rmtree(folder)
    with pytest.raises(StorageError):
        store.put_blob("a", b"x" * 100_000)
    with pytest.raises(StorageError):
        store.save_conversation("a", "c", document="{}")
    store.close()


def test_a_busy_store_says_that_trying_again_may_help(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store", busy_timeout_s=0.02) as store:
        other = sqlite3.connect(tmp_path / "store" / "ossicle.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        action: Callable[[], object]
        for action in (
            lambda: store.put_blob("a", b""),
            lambda: SqliteStore(tmp_path / "store", busy_timeout_s=0.02),
        ):
            with pytest.raises(StorageError) as caught:
                action()
            assert caught.value.retryable
        other.close()
        store.put_blob("a", b"")


def test_a_use_that_cannot_be_written_down_is_still_a_hit(tmp_path: Path) -> None:
    now = [NOW]
    with SqliteStore(tmp_path / "store", clock=lambda: now[0], busy_timeout_s=0.02) as store:
        store.save_cached("a", "k", value=b"v", document="{}", lifetime_s=1e6)
        now[0] += 3600
        other = sqlite3.connect(tmp_path / "store" / "ossicle.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        found = store.load_cached("a", "k")
        assert found is not None
        assert found.value == b"v"
        other.close()


@pytest.mark.parametrize("is_lasting", [False, True])
def test_no_fault_of_the_cache_fails_a_call(tmp_path: Path, is_lasting: bool) -> None:
    made = Cacheable(document="{}", value=b"v" * 100_000)

    async def make() -> Cacheable:
        return made

    async def ask(cache: AudioCache) -> bytes:
        return (await cache.fetch("a", kind="speak", facts=1, make=make)).value

    for at in itertools.count(1):
        files = FaultyFiles(at=10**9, number=errno.ENOSPC, is_lasting=is_lasting)
        with SqliteStore(tmp_path / str(at), clock=clock, files=files) as store:
            files.calls, files.at = 0, at
            cache = AudioCache(store)
            assert [anyio.run(ask, cache) for _ in range(2)] == [made.value] * 2
            if files.calls < at:
                assert cache.figures.faults == 0
                break
            assert cache.figures.faults > 0 or cache.figures.made == 1
    assert at > 5
