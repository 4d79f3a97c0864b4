"""A store whose large blobs are elsewhere keeps every promise of one that has them beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.storage.tables.conftest import FtpServer

from ossicle.storage import SqliteStore, Store
from ossicle_testing.conformance import StoreConformance
from ossicle_testing.vendors import ManualClock

NAMED = os.environ.get("OSSICLE_BLOBS_URL", "")


class _Elsewhere(StoreConformance):
    url = ""

    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return SqliteStore(folder, blobs=self.url, clock=clock)


class TestMemory(_Elsewhere):
    url = "memory://voices"


class TestFile(_Elsewhere):
    """A folder of this machine, written as the store's own is."""

    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return SqliteStore(folder, blobs=f"file://{folder}-blobs/deep", clock=clock)


class TestLocal(_Elsewhere):
    """The same by fsspec's own means: a file system that renames."""

    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return SqliteStore(folder, blobs=f"local://{folder}-blobs/deep", clock=clock)


class TestFtp(_Elsewhere):
    @pytest.fixture(autouse=True)
    def _server(self, ftp_server: FtpServer) -> None:
        self.url = ftp_server.url

    @pytest.fixture
    def store(self, tmp_path: Path, clock: ManualClock, _server: None) -> Store:
        return self.open_store(tmp_path / "store", clock)


if NAMED:

    class TestNamed(_Elsewhere):
        """Whatever the tester names, such as a bucket."""

        url = NAMED
