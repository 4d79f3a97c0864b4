"""A conversation comes into a store whole or not at all, wherever the disk is full."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from tests.core.conversation.made import turn
from tests.model_shelf import Shelf
from tests.model_store import ModelStore

from ossicle import AsyncClient, Client, Conversation
from ossicle.conversation import ConversationState, HistoryPolicy, StorePersistence, export_state
from ossicle.errors import StorageConflictError, StorageError
from ossicle.storage import MemoryStore, SqliteStore, StoredConversation
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


def spoken(n_turns: int) -> ConversationState:
    """Each turn with a clip of more than 64 KiB, which lies in a file of its own."""
    turns = [turn(f"t{n}", seconds=5 + n, heard=f"turn {n}") for n in range(n_turns)]
    return ConversationState(id="mine", turns=turns, policy=HistoryPolicy(audio_turns=None))


def test_an_import_that_finds_no_room_leaves_nothing_and_may_be_tried_again(
    tmp_path: Path,
) -> None:
    path, files = export_state(spoken(3), tmp_path / "talk.zip"), SmallDisk()
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
        StorePersistence(store, "default").write(spoken(3))
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
    path = export_state(spoken(1), tmp_path / "talk.zip")
    with SqliteStore(tmp_path / "store") as store, Client("echo", store=store) as client:
        client.conversations.load(path)
        with pytest.raises(StorageConflictError, match="stored already"):
            client.conversations.load(path)
        assert len(client.conversations.list()) == 1


class UnsureStore(ModelStore):
    """Loses the connection at one of its writes, before it was done or after."""

    def __init__(self, *, at: int, is_done: bool) -> None:
        super().__init__()
        self.left, self.is_done = at, is_done

    def _write(self, shelf: Shelf, stored: StoredConversation, update: dict[str, object]) -> int:
        self.left -= 1
        if self.left == 0 and not self.is_done:
            raise StorageError("the server is gone", fix="Find it.")
        revision = super()._write(shelf, stored, update)
        if self.left == 0:
            raise StorageError("the server is gone", fix="Find it.")
        return revision


def go_through(client: Client, *, between: Callable[[], None]) -> Conversation:
    """Turns, one taken back; where the store failed, it is saved again."""
    clip = client.speak("hello").audio
    talk = client.conversation(id="mine")
    steps: list[Callable[[], object]] = [
        lambda: talk.send(audio=clip),
        lambda: talk.send("hello"),
        talk.undo,
        lambda: talk.send("turn"),
    ]
    for step in steps:
        try:
            step()
        except StorageConflictError:
            raise
        except StorageError:
            between()
            talk.save()
    return talk


@pytest.mark.parametrize("is_done", [True, False])
def test_a_write_of_which_nobody_knows_whether_it_was_done_is_looked_up(is_done: bool) -> None:
    """The revision was the old one for ever, and each further turn met a conflict."""
    for at in itertools.count(1):
        store = UnsureStore(at=at, is_done=is_done)
        with Client("echo", store=store) as client:
            talk = go_through(client, between=lambda: None)
            assert client.conversations.open("mine").turns == talk.turns
            if store.left > 0:
                break
    assert at > 6


@pytest.mark.parametrize("is_done", [True, False])
def test_another_writer_is_noticed_after_such_a_write_too(is_done: bool) -> None:
    for at in range(2, 8):
        store = UnsureStore(at=at, is_done=is_done)

        def another_writes(store: UnsureStore = store) -> None:
            store.save_conversation("default", "mine", document="{}")

        with Client("echo", store=store) as client, pytest.raises(StorageConflictError):
            go_through(client, between=another_writes)


class SlowStore(MemoryStore):
    """Has written a turn, and waits before it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow, self.has_begun, self.may_go_on = False, Event(), Event()

    def save_turn(self, tenant: str, conversation_id: str, **more: Any) -> int:
        revision = super().save_turn(tenant, conversation_id, **more)
        if self.is_slow:
            self.is_slow = False
            self.has_begun.set()
            assert self.may_go_on.wait(30)
        return revision


def test_a_write_that_its_caller_left_is_waited_for_by_the_next() -> None:
    """asyncio's own cancellation leaves the thread running; the next write met a conflict."""

    async def main() -> None:
        store = SlowStore()
        async with AsyncClient("echo", store=store) as client:
            talk = client.conversation(id="mine")
            await talk.send("hello")
            store.is_slow = True
            left = asyncio.ensure_future(talk.send("turn"))
            await asyncio.to_thread(store.has_begun.wait, 30)
            left.cancel()
            following = asyncio.ensure_future(talk.send("recall"))
            for _ in range(50):
                await asyncio.sleep(0)
            store.may_go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await left
            assert (await following).text
            await talk.save()
            assert (await client.conversations.open("mine")).turns == talk.turns
            assert [turn.state for turn in talk.turns][::2] == ["committed", "committed"]

    asyncio.run(main())
