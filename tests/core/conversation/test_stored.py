"""A conversation comes into a store whole or not at all, wherever the disk is full."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path

import pytest
from tests.core.conversation.made import turn

from ossicle import Client
from ossicle.conversation import HistoryPolicy, Notebook, StoreKeeper, export_notebook
from ossicle.errors import StorageConflictError, StorageError
from ossicle.storage import SqliteStore
from ossicle.storage.tables import Files


class SmallDisk(Files):
    """Has room for so many writes."""

    def __init__(self) -> None:
        self.left: int | None = None

    def write(self, handle: int, data: bytes | memoryview) -> int:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(handle, data)


def spoken(n_turns: int) -> Notebook:
    """Each turn with a clip of more than 64 KiB, which lies in a file of its own."""
    turns = [turn(f"t{n}", seconds=5 + n, heard=f"turn {n}") for n in range(n_turns)]
    return Notebook(id="mine", turns=turns, policy=HistoryPolicy(audio_turns=None))


def test_an_import_that_finds_no_room_leaves_nothing_and_may_be_tried_again(
    tmp_path: Path,
) -> None:
    path, files = export_notebook(spoken(3), tmp_path / "talk.zip"), SmallDisk()
    with (
        SqliteStore(tmp_path / "store", files=files) as store,
        Client("echo", store=store) as client,
    ):
        for room in itertools.count():
            files.left = room
            try:
                client.conversations.load(path)
            except StorageError:
                assert client.conversations.list() == ()
                assert list((tmp_path / "store" / "blobs").iterdir()) == []
            else:
                break
        assert room == 3
        assert len(client.conversations.open("mine").turns) == 3


def test_a_branch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    files = SmallDisk()
    with (
        SqliteStore(tmp_path / "store", files=files) as store,
        Client("echo", store=store) as client,
    ):
        StoreKeeper(store, "default").write(spoken(3))
        branch = client.conversations.open("mine").branch()
        store.delete_conversation("default", "mine")
        files.left = 2
        with pytest.raises(StorageError):
            branch.save()
        assert client.conversations.list() == ()
        files.left = None
        branch.save()
        assert client.conversations.open(branch.id).turns == branch.turns


def test_an_id_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    path = export_notebook(spoken(1), tmp_path / "talk.zip")
    with SqliteStore(tmp_path / "store") as store, Client("echo", store=store) as client:
        client.conversations.load(path)
        with pytest.raises(StorageConflictError, match="stored already"):
            client.conversations.load(path)
        assert len(client.conversations.list()) == 1
