"""A conversation in a store: each turn with its audio, written before and after it is sent."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ossicle.audio import AudioClip
from ossicle.conversation.document import dumps, loads, read_head, read_turn, write_head, write_turn
from ossicle.conversation.finishing import finish_in_thread
from ossicle.conversation.keeper import Keeper, NoKeeper
from ossicle.conversation.notebook import Notebook
from ossicle.conversation.retention import needs_audio
from ossicle.conversation.turn import Turn
from ossicle.errors import NotStoredError, StorageError
from ossicle.storage import Store
from ossicle.storage import Turn as StoredTurn

_LOG = logging.getLogger("ossicle.conversation")

Wall = Callable[[], float]
"""Tells the time in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A turn as it is stored.

    Attributes:
        turn: What it says.
        has_audio: Whether its sound is stored with it.
        audio_until: When that may go; `None`: not yet known.
    """

    turn: Turn
    has_audio: bool
    audio_until: float | None = None

    def is_stored_as(self, known: Saved) -> bool:
        """Whether nothing has to be written; turns are frozen, one that changed is another."""
        return self.turn is known.turn and (self.has_audio, self.audio_until) == (
            known.has_audio,
            known.audio_until,
        )


class StoreKeeper:
    """Keeps one conversation in a store, as much of it as its retention allows.

    Another writer of the same conversation is noticed by its revision and refused.

    Args:
        store: Where.
        tenant: Whose.
        revision: Of the conversation as it was loaded; 0: it must be new.
        saved: The turns as they are stored already.
        wall: Tells the time.
    """

    def __init__(
        self,
        store: Store,
        tenant: str,
        *,
        revision: int = 0,
        saved: Sequence[Saved] = (),
        wall: Wall = time.time,
    ) -> None:
        self._store, self._tenant, self._revision = store, tenant, revision
        self._saved, self._wall = list(saved), wall
        self._head: str | None = None
        self._lock = threading.Lock()

    async def keep(self, notebook: Notebook) -> None:
        """Write the head where it changed, and every turn that is not stored as it is now.

        Sound whose time is over goes at the same time.

        Raises:
            StorageConflictError: Someone else has written to the conversation.
            StorageError: It could not be written.
        """
        await finish_in_thread(lambda: self.write(notebook))

    def write(self, notebook: Notebook) -> None:
        """The same as `keep`, blocking; one at a time, as each goes on from the one before."""
        with self._lock:
            self._write(notebook)

    def _write(self, notebook: Notebook) -> None:
        head = dumps(write_head(notebook))
        if self._revision == 0:
            self._write_new(notebook, head)
            return
        if head != self._head:
            self._revision = self._store.save_conversation(
                self._tenant, notebook.id, document=head, revision=self._revision
            )
            self._head = head
        if len(notebook.turns) < len(self._saved):
            self._revision = self._store.delete_turns(
                self._tenant, notebook.id, start=len(notebook.turns), revision=self._revision
            )
            del self._saved[len(notebook.turns) :]
        now_s = self._wall()
        needed = needs_audio(notebook.turns, notebook.policy)
        for index, turn in enumerate(notebook.turns):
            known = self._saved[index] if index < len(self._saved) else None
            wanted = self._wanted(notebook, turn, known, is_needed=needed[index], now_s=now_s)
            if known is None or not wanted.is_stored_as(known):
                self._save(notebook.id, index, wanted, known)
                self._saved[index : index + 1] = [wanted]

    def _write_new(self, notebook: Notebook, head: str) -> None:
        """All of it or nothing: a copy of a conversation is not begun and left half-way."""
        now_s = self._wall()
        needed = needs_audio(notebook.turns, notebook.policy)
        saved = [
            self._wanted(notebook, turn, None, is_needed=is_needed, now_s=now_s)
            for turn, is_needed in zip(notebook.turns, needed, strict=True)
        ]
        rows = [_row(index, wanted) for index, wanted in enumerate(saved)]
        clips = {digest: clip for _, of_turn in rows for digest, clip in of_turn.items()}
        self._revision = self._store.save_conversation(
            self._tenant,
            notebook.id,
            document=head,
            turns=[row for row, _ in rows],
            new_blobs=[clip.read_bytes() for clip in clips.values()],
            revision=0,
        )
        self._head, self._saved = head, saved

    def _wanted(
        self, notebook: Notebook, turn: Turn, known: Saved | None, *, is_needed: bool, now_s: float
    ) -> Saved:
        """How a turn is to be stored now."""
        if notebook.retention.level != "audio" or not turn.clips:
            return Saved(turn=turn, has_audio=False)
        before = None if known is None else known.audio_until
        until = notebook.retention.audio_until(is_needed=is_needed, known=before, now_s=now_s)
        has_gone = known is not None and known.turn is turn and not known.has_audio
        is_over = until is not None and until <= now_s
        return Saved(turn=turn, has_audio=not (is_over or has_gone), audio_until=until)

    def _save(self, conversation_id: str, index: int, wanted: Saved, known: Saved | None) -> None:
        row, clips = _row(index, wanted)
        # Of a turn that is stored already only the time may have changed.
        is_there = known is not None and known.turn is wanted.turn and known.has_audio
        new = () if is_there else tuple(clip.read_bytes() for clip in clips.values())
        self._revision = self._store.save_turn(
            self._tenant, conversation_id, turn=row, new_blobs=new, revision=self._revision
        )

    def drop_expired(self, conversation_id: str, turns: Sequence[StoredTurn]) -> None:
        """Drop the sound of stored turns whose time is over."""
        for index, turn in enumerate(turns):
            if not turn.blobs or not is_expired(turn, self._wall()):
                continue
            bare = turn.model_copy(update={"blobs": (), "blobs_until": None})
            self._revision = self._store.save_turn(
                self._tenant, conversation_id, turn=bare, revision=self._revision
            )
            self._saved[index] = Saved(turn=self._saved[index].turn, has_audio=False)


def _row(index: int, wanted: Saved) -> tuple[StoredTurn, dict[str, AudioClip]]:
    """A turn as a store takes it, and its clips by digest."""
    data, clips = write_turn(wanted.turn)
    if not wanted.has_audio:
        clips = {}
    row = StoredTurn(
        index=index,
        document=dumps(data),
        blobs=tuple(clips),
        blobs_until=wanted.audio_until if clips else None,
    )
    return row, clips


def keeper_of(
    notebook: Notebook, store: Store | None, tenant: str, *, wall: Wall = time.time
) -> Keeper:
    """The keeper of a new conversation."""
    if store is None or notebook.retention.level == "none":
        return NoKeeper()
    return StoreKeeper(store, tenant, wall=wall)


def load_notebook(
    store: Store, tenant: str, conversation_id: str, *, wall: Wall = time.time
) -> tuple[Notebook, StoreKeeper]:
    """A stored conversation and its keeper; blocking.

    Turns that were under way when their process ended count as ambiguous. Sound whose time is over
    is not given any more, and is dropped.

    Raises:
        NotStoredError: There is no such conversation.
        SchemaVersionError: It was written by a newer version.
        StorageCorruptError: It is damaged.
    """
    now_s = wall()

    def read(turn: StoredTurn) -> Turn:
        def blob(digest: str) -> bytes | None:
            if is_expired(turn, now_s):
                return None
            try:
                return store.read_blob(tenant, digest)
            except NotStoredError:
                # Retention deletes audio before its turn; the words are left.
                return None

        return read_turn(loads(turn.document), blob)

    stored = store.load_conversation(tenant, conversation_id)
    notebook = read_head(loads(stored.document))
    saved = [
        Saved(turn=read(turn), has_audio=bool(turn.blobs), audio_until=turn.blobs_until)
        for turn in stored.turns
    ]
    notebook.turns = [one.turn.recovered() for one in saved]
    keeper = StoreKeeper(store, tenant, revision=stored.revision, saved=saved, wall=wall)
    try:
        keeper.drop_expired(conversation_id, stored.turns)
    except StorageError as error:  # Read it can be; the next writer or cleaning drops it.
        _LOG.warning("expired audio of a conversation could not be dropped: %s", error.what)
    return notebook, keeper


def is_expired(turn: StoredTurn, now_s: float) -> bool:
    """Whether the time of a turn's sound is over."""
    return turn.blobs_until is not None and turn.blobs_until <= now_s
