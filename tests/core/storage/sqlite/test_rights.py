"""Rights and room bind also where the tests run as root: a child gives both up before it tries."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import pytest

from ossicle.errors import StorageError
from ossicle.storage import SqliteStore

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
TYPED, DONE = 7, 0


def outcome(action: Callable[[], object], *, is_nobody: bool) -> int:
    """How an action ends in a child: done, a typed error, or something else."""
    if (child := os.fork()) == 0:  # pragma: no cover - in the child
        code = 1
        try:
            if is_nobody and os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65_534)
                os.setuid(65_534)
            action()
            code = DONE
        except StorageError:
            code = TYPED
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that everyone may reach and nobody but its owner may write."""
    folder = tmp_path_factory.mktemp("rights")
    below_temp = [each for each in folder.parents if each.is_relative_to(gettempdir())][:-1]
    for each in (folder, *below_temp):
        each.chmod(each.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    folder.chmod(0o555)
    return folder


def test_a_folder_without_rights_is_a_typed_error(open_folder: Path) -> None:
    def make() -> None:
        SqliteStore(open_folder / "store").close()

    assert outcome(make, is_nobody=True) == TYPED
    assert list(open_folder.iterdir()) == []
    open_folder.chmod(0o777)
    assert outcome(make, is_nobody=True) == DONE


def test_a_store_of_somebody_else_is_a_typed_error(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    with SqliteStore(open_folder / "store") as store:
        store.save_conversation("a", "c", document="{}")
    if os.geteuid() == 0:
        assert outcome(SqliteStore(open_folder / "other").close, is_nobody=False) == DONE
        action = lambda: SqliteStore(open_folder / "store")  # noqa: E731
        assert outcome(action, is_nobody=True) == TYPED
    with SqliteStore(open_folder / "store") as store:
        assert store.load_conversation("a", "c").document == "{}"
    shutil.rmtree(open_folder / "store")


@pytest.mark.parametrize("n_bytes", [70_000, 30_000])
def test_no_room_is_a_typed_error_and_nothing_is_half_written(tmp_path: Path, n_bytes: int) -> None:
    """Files may not grow beyond a limit, which the system tells as EFBIG: no simulated fault."""
    with SqliteStore(tmp_path / "store") as store:
        store.put_blob("a", b"x" * 100)

    def fill() -> None:
        store = SqliteStore(tmp_path / "store")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = (tmp_path / "store" / "ossicle.sqlite3").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for number in range(100):
            store.put_blob("a", number.to_bytes(2) * n_bytes)

    assert outcome(fill, is_nobody=False) == TYPED
    with SqliteStore(tmp_path / "store") as store:
        assert store.quarantined == ()
        size = store.measure("a")
        assert len(list((tmp_path / "store" / "blobs").iterdir())) * 2 * n_bytes == (
            size.blob_bytes - 100 if n_bytes * 2 > 65_536 else 0
        )
