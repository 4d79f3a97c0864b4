"""Whatever happens to the cache's store, the call is answered."""

from __future__ import annotations

import errno
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.storage.sqlite.test_faults import FaultyFiles

from ossicle import AudioClip, Client
from ossicle.errors import StorageError
from ossicle.storage import AudioCache, CachedValue, MemoryStore, SqliteStore, Store

LONG = "good morning " * 3
"""More than 64 KiB of speech, so that files are written as well."""


@pytest.fixture(scope="module")
def clip() -> AudioClip:
    """What is said in it has to be encoded anew for the echo."""
    with Client("echo") as client:
        made = client.speak("hello", output_format="flac").audio
    assert made is not None
    return made


def ask_all(store: Store, clip: AudioClip) -> AudioCache:
    """One call of each kind that the cache has a part in, each answered rightly; the cache."""
    cache = AudioCache(store)
    with Client("echo", cache=cache) as client:
        said = client.speak(LONG, output_format="wav")
        assert said.audio is not None
        assert said.audio.n_bytes > 1 << 16
        said = client.speak(LONG, output_format="flac")
        assert said.audio is not None
        assert said.audio.format.name == "flac"
        assert client.transcribe(clip).text == "hello"
        with client.stream("hi", task="speak") as stream:
            assert list(stream)
        assert stream.reply.audio is not None
    return cache


@pytest.mark.slow
@pytest.mark.parametrize("is_lasting", [False, True])
def test_the_nth_file_fault_never_fails_a_call(
    tmp_path: Path, clip: AudioClip, is_lasting: bool
) -> None:
    numbers = itertools.cycle((errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE))
    n_faults = at = 0
    for at, number in zip(itertools.count(1), numbers, strict=False):
        files = FaultyFiles(at=10**9, number=number, is_lasting=is_lasting)
        with SqliteStore(tmp_path / str(at), files=files, durability="normal") as store:
            files.calls, files.at = 0, at
            for _ in range(2):  # To be kept, and to be found.
                n_faults += ask_all(store, clip).figures.faults
        if files.calls < at:
            break
    assert at > 8
    assert n_faults > 0


class FailingStore(MemoryStore):
    """The n-th call of the cache fails, and every later one if the trouble stays."""

    def __init__(self, *, at: int, is_lasting: bool) -> None:
        super().__init__()
        self.calls, self.at, self.is_lasting = 0, at, is_lasting

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.at or (self.is_lasting and self.calls > self.at):
            raise StorageError("the disk is gone", fix="Find it.")

    def secret(self, name: str) -> bytes:
        self._call()
        return super().secret(name)

    def load_cached(self, tenant: str, key: str) -> CachedValue | None:
        self._call()
        return super().load_cached(tenant, key)

    def save_cached(self, tenant: str, key: str, **more: Any) -> None:
        self._call()
        super().save_cached(tenant, key, **more)

    def trim_cached(self, *, max_bytes: int) -> int:
        self._call()
        return super().trim_cached(max_bytes=max_bytes)


@pytest.mark.slow
@pytest.mark.parametrize("is_lasting", [False, True])
def test_the_nth_fault_of_a_store_never_fails_a_call(clip: AudioClip, is_lasting: bool) -> None:
    at = 0
    for at in itertools.count(1):
        store = FailingStore(at=at, is_lasting=is_lasting)
        n_faults = sum(ask_all(store, clip).figures.faults for _ in range(2))
        if store.calls < at:
            break
        assert n_faults > 0
    assert at > 15


def scribble(store: Store, path: Path) -> None:
    """Damage every value, in files and in rows."""
    for file in path.rglob("*"):
        if file.is_file() and "sqlite3" not in file.name:
            file.write_bytes(file.read_bytes()[:-1] + b"!")
    with sqlite3.connect(path / "ossicle.sqlite3") as database:
        database.execute("UPDATE cached SET data = randomblob(n_bytes) WHERE data IS NOT NULL")
    database.close()


def forget_form(store: Store, path: Path) -> None:
    """What another version may have written: sound, but of a form that nobody knows."""
    store.load_cached = lambda tenant, key: CachedValue(  # type: ignore[method-assign]
        document='{"reply": 1}', value=b"", created_at=0.0, expires_at=1.0
    )


@pytest.mark.parametrize("damage", [scribble, forget_form])
def test_what_is_damaged_is_a_miss(
    tmp_path: Path, clip: AudioClip, damage: Callable[[Store, Path], None]
) -> None:
    with SqliteStore(tmp_path / "store") as store:
        first = ask_all(store, clip).figures
        damage(store, tmp_path / "store")
        assert ask_all(store, clip).figures.made >= first.made - first.stored
