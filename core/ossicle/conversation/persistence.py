"""Where a conversation is kept while it goes on."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ossicle.conversation.document import dumps, loads, read_head, read_turn, write_head
from ossicle.conversation.retention import needs_audio
from ossicle.conversation.saved_turn import Saved, is_held, row_of, wanted_as
from ossicle.conversation.state import ConversationState
from ossicle.conversation.turn import Turn
from ossicle.errors import NotStoredError, StorageConflictError, StorageError
from ossicle.pipeline.detached_task import finish_in_thread
from ossicle.storage import Store, StoredConversation, StoredTurn


class ConversationStore(Protocol):
    """Writes a conversation down; what it has returned from outlives the process."""

    @abstractmethod
    async def keep(self, state: ConversationState) -> None:
        """Write everything that is not written as it is now.

        Raises:
            StorageError: It could not be written.
        """

    @abstractmethod
    def drop_expired(self, state: ConversationState) -> None:
        """Take the sound whose time is over out of the state, or of a branch of it."""


class NullStore:
    """Keeps nothing: there is no store, or nothing of the conversation may be written down."""

    async def keep(self, state: ConversationState) -> None:
        """Do nothing."""

    def drop_expired(self, state: ConversationState) -> None:
        """Do nothing: what was never written down has no time."""


Wall = Callable[[], float]
"""Tells the time in seconds since 1970."""


class StorePersistence:
    """Keeps one conversation in a store, as much of it as its retention allows.

    Another writer of the same conversation is noticed by its revision and refused. Sound that a
    cleaning took, or whose time is over, is gone for good: from the store, and from the notebook.

    Args:
        store: Where.
        tenant: Whose.
        revision: Of the conversation as it was loaded; 0: it must be new.
        head: As it is stored already; `None`: it is not.
        saved: The turns as they are stored already.
        wall: Tells the time.
    """

    def __init__(
        self,
        store: Store,
        tenant: str,
        *,
        revision: int = 0,
        head: str | None = None,
        saved: Sequence[Saved] = (),
        wall: Wall = time.time,
    ) -> None:
        self._store, self._tenant, self._revision = store, tenant, revision
        self._saved, self._wall = list(saved), wall
        self._head = head
        self._lock = threading.Lock()
        self._doubt: _Change | None = None

    async def keep(self, state: ConversationState) -> None:
        """Write the head where it changed, and every turn that is not stored as it is now.

        Sound whose time is over goes at the same time.

        Raises:
            StorageConflictError: Someone else has written to the conversation.
            StorageError: It could not be written.
        """
        await finish_in_thread(lambda: self.write(state))

    def write(self, state: ConversationState) -> None:
        """The same as `keep`, blocking."""
        # A caller that was cancelled leaves its write running: the next one waits for its end.
        with self._lock:
            self._resolve(state.id)
            head = dumps(write_head(state))
            if self._revision == 0:
                self._write_new(state, head)
                return
            if head != self._head:
                self._write_head(state.id, head)
            self._write_turns(state)

    def write_turns(self, state: ConversationState) -> None:
        """Write the turns of a stored conversation alone, its head as it was."""
        with self._lock:
            self._resolve(state.id)
            self._write_turns(state)

    def drop_expired(self, state: ConversationState) -> None:
        """Take the sound whose time is over out of the state, or of a branch of it."""
        now_s = self._wall()
        over = {known.turn.id for known in tuple(self._saved) if known.is_over(now_s)}
        for turn in tuple(state.turns):
            if turn.id in over:
                _replace(state, turn, turn.without_sound())

    def _write_head(self, conversation_id: str, head: str) -> None:
        def write() -> int:
            return self._store.save_conversation(
                self._tenant, conversation_id, document=head, revision=self._revision
            )

        def adopt() -> None:
            self._head = head

        self._do(_Change(write, is_done=lambda found: found.document == head, adopt=adopt))

    def _write_turns(self, state: ConversationState) -> None:
        turns = tuple(state.turns)
        if len(turns) < len(self._saved):
            self._delete_turns(state.id, start=len(turns))
        for index, wanted in enumerate(self._all_wanted(state, turns)):
            known = self._saved[index] if index < len(self._saved) else None
            if known is None or not wanted.is_stored_as(known):
                self._save(state, index, wanted, known, turn=turns[index])

    def _delete_turns(self, conversation_id: str, *, start: int) -> None:
        def write() -> int:
            return self._store.delete_turns(
                self._tenant, conversation_id, start=start, revision=self._revision
            )

        def is_done(found: StoredConversation) -> bool:
            return all(row.index < start for row in found.turns)

        def adopt() -> None:
            del self._saved[start:]

        self._do(_Change(write, is_done=is_done, adopt=adopt))

    def _write_new(self, state: ConversationState, head: str) -> None:
        """All of it or nothing: a copy of a conversation is not begun and left half-way."""
        turns = tuple(state.turns)
        saved = self._all_wanted(state, turns)
        rows = [row_of(index, wanted) for index, wanted in enumerate(saved)]
        clips = {digest: clip for _, of_turn in rows for digest, clip in of_turn.items()}

        def write() -> int:
            return self._store.save_conversation(
                self._tenant,
                state.id,
                document=head,
                turns=[row for row, _ in rows],
                new_blobs=[clip.read_bytes() for clip in clips.values()],
                revision=0,
            )

        def is_done(found: StoredConversation) -> bool:
            same = len(found.turns) == len(rows) and all(is_held(found, row) for row, _ in rows)
            return found.document == head and same

        def adopt() -> None:
            self._head, self._saved = head, saved
            for turn, one in zip(turns, saved, strict=True):
                _replace(state, turn, one.turn)

        self._do(_Change(write, is_done=is_done, adopt=adopt))

    def _all_wanted(self, state: ConversationState, turns: Sequence[Turn]) -> list[Saved]:
        """How the turns are to be stored now."""
        now_s = self._wall()
        needed = needs_audio(turns, state.policy)
        known: list[Saved | None] = [*self._saved, *[None] * len(turns)]
        return [
            wanted_as(state.retention, turn, known[index], is_needed=needed[index], now_s=now_s)
            for index, turn in enumerate(turns)
        ]

    def _save(
        self,
        state: ConversationState,
        index: int,
        wanted: Saved,
        known: Saved | None,
        *,
        turn: Turn,
    ) -> None:
        row, clips = row_of(index, wanted)
        # Of a turn that is stored already only the time may have changed.
        is_there = known is not None and known.turn is wanted.turn and known.has_audio
        new = () if is_there else tuple(clip.read_bytes() for clip in clips.values())

        def write() -> int:
            return self._store.save_turn(
                self._tenant, state.id, turn=row, new_blobs=new, revision=self._revision
            )

        def adopt() -> None:
            self._saved[index : index + 1] = [wanted]
            _replace(state, turn, wanted.turn)

        try:
            self._do(_Change(write, is_done=lambda found: is_held(found, row), adopt=adopt))
        except NotStoredError:
            if not is_there:
                raise
            # Whoever took the sound had a reason: another clock, or a deletion.
            self._save(state, index, wanted.silenced(), None, turn=turn)

    def _do(self, change: _Change) -> None:
        try:
            self._revision = change.write()
        except (StorageConflictError, NotStoredError):
            raise
        except StorageError:
            self._doubt = change
            raise
        change.adopt()

    def _resolve(self, conversation_id: str) -> None:
        """Find out whether a change was done whose answer was lost, such as that to a commit."""
        if self._doubt is None:
            return
        try:
            found = self._store.load_conversation(self._tenant, conversation_id)
        except NotStoredError:
            found = None
        if found and found.revision == self._revision + 1 and self._doubt.is_done(found):
            self._revision = found.revision
            self._doubt.adopt()
        self._doubt = None


@dataclass(frozen=True, slots=True)
class _Change:
    """One change of what is stored.

    Attributes:
        write: Makes it; the new revision.
        is_done: Whether what is stored is as it makes it.
        adopt: Notes that it was made.
    """

    write: Callable[[], int]
    is_done: Callable[[StoredConversation], bool]
    adopt: Callable[[], None]


def _replace(state: ConversationState, turn: Turn, by: Turn) -> None:
    """Put a turn in the place of another one, where that still is."""
    if by is turn:
        return
    for index, one in enumerate(state.turns):
        if one is turn:
            state.turns[index] = by


def persistence_of(
    state: ConversationState, store: Store | None, tenant: str, *, wall: Wall = time.time
) -> ConversationStore:
    """The persistence of a new conversation."""
    if store is None or state.retention.level == "none":
        return NullStore()
    return StorePersistence(store, tenant, wall=wall)


def load_state(
    store: Store, tenant: str, conversation_id: str, *, wall: Wall = time.time
) -> tuple[ConversationState, StorePersistence]:
    """A stored conversation and its persistence; blocking. Nothing is written: looking is free.

    Turns that were under way when their process ended count as ambiguous. Sound whose time is over
    is not given any more; the next turn, or a cleaning, drops it.

    Raises:
        NotStoredError: There is no such conversation.
        SchemaVersionError: It was written by a newer version.
        StorageCorruptError: It is damaged.
    """
    now_s = wall()

    def read(turn: StoredTurn) -> Turn:
        def blob(digest: str) -> bytes | None:
            # Of this turn's own only: another conversation may have kept the same clip.
            if digest not in turn.blobs or is_expired(turn, now_s):
                return None
            try:
                return store.read_blob(tenant, digest)
            except NotStoredError:
                # Retention deletes audio before its turn; the words are left.
                return None

        return read_turn(loads(turn.document), blob)

    stored = store.load_conversation(tenant, conversation_id)
    state = read_head(loads(stored.document))
    saved = [
        Saved(
            turn=read(turn),
            has_audio=bool(turn.blobs),
            audio_until=turn.blobs_until if turn.blobs else None,
        )
        for turn in stored.turns
    ]
    state.turns = [one.turn.recovered() for one in saved]
    persistence = StorePersistence(
        store, tenant, revision=stored.revision, head=stored.document, saved=saved, wall=wall
    )
    return state, persistence


def is_expired(turn: StoredTurn, now_s: float) -> bool:
    """Whether the time of a turn's sound is over."""
    return turn.blobs_until is not None and turn.blobs_until <= now_s
