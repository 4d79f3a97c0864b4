"""A conversation in a store: each turn with its audio, written before and after it is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anyio import to_thread

from ossicle.audio import AudioClip
from ossicle.conversation.document import dumps, loads, read_head, read_turn, write_head, write_turn
from ossicle.conversation.keeper import Keeper, NoKeeper
from ossicle.conversation.notebook import Notebook
from ossicle.conversation.retention import RetentionPolicy, needs_audio
from ossicle.conversation.turn import Turn
from ossicle.errors import NotStoredError
from ossicle.storage import Store
from ossicle.storage import Turn as StoredTurn

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

    def is_over(self, now_s: float) -> bool:
        """Whether the time of its sound has passed: any cleaning may have taken it since."""
        # A turn under way is no idle time; when it has ended it is written with a time of its own.
        is_due = self.audio_until is not None and self.audio_until <= now_s
        return self.has_audio and is_due and self.turn.state != "pending"

    def silenced(self) -> Saved:
        """The same without its sound; what is just being heard stays in memory."""
        turn = self.turn if self.turn.state == "pending" else self.turn.without_sound()
        return Saved(turn=turn, has_audio=False)


class StoreKeeper:
    """Keeps one conversation in a store, as much of it as its retention allows.

    Another writer of the same conversation is noticed by its revision and refused. Sound that a
    cleaning took, or whose time is over, is gone for good: from the store, and from the notebook.

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
        await to_thread.run_sync(self.write, notebook)

    def write(self, notebook: Notebook) -> None:
        """The same as `keep`, blocking."""
        # A caller that was cancelled leaves its write running: the next one waits for its end.
        with self._lock:
            head = dumps(write_head(notebook))
            if self._revision == 0:
                self._write_new(notebook, head)
                return
            if head != self._head:
                self._revision = self._store.save_conversation(
                    self._tenant, notebook.id, document=head, revision=self._revision
                )
                self._head = head
            self._write_turns(notebook)

    def write_turns(self, notebook: Notebook) -> None:
        """Write the turns of a stored conversation alone, its head as it was."""
        with self._lock:
            self._write_turns(notebook)

    def drop_expired(self, notebook: Notebook) -> None:
        """Take the sound whose time is over out of the notebook, or of a branch of it."""
        now_s = self._wall()
        over = {known.turn.id for known in tuple(self._saved) if known.is_over(now_s)}
        for turn in tuple(notebook.turns):
            if turn.id in over:
                _replace(notebook, turn, turn.without_sound())

    def _write_turns(self, notebook: Notebook) -> None:
        turns = tuple(notebook.turns)
        if len(turns) < len(self._saved):
            self._revision = self._store.delete_turns(
                self._tenant, notebook.id, start=len(turns), revision=self._revision
            )
            del self._saved[len(turns) :]
        for index, wanted in enumerate(self._all_wanted(notebook, turns)):
            known = self._saved[index] if index < len(self._saved) else None
            saved = wanted
            if known is None or not wanted.is_stored_as(known):
                saved = self._save(notebook.id, index, wanted, known)
                self._saved[index : index + 1] = [saved]
            _replace(notebook, turns[index], saved.turn)

    def _write_new(self, notebook: Notebook, head: str) -> None:
        """All of it or nothing: a copy of a conversation is not begun and left half-way."""
        turns = tuple(notebook.turns)
        saved = self._all_wanted(notebook, turns)
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
        for turn, one in zip(turns, saved, strict=True):
            _replace(notebook, turn, one.turn)

    def _all_wanted(self, notebook: Notebook, turns: Sequence[Turn]) -> list[Saved]:
        """How the turns are to be stored now."""
        now_s = self._wall()
        needed = needs_audio(turns, notebook.policy)
        known: list[Saved | None] = [*self._saved, *[None] * len(turns)]
        return [
            _wanted(notebook.retention, turn, known[index], is_needed=needed[index], now_s=now_s)
            for index, turn in enumerate(turns)
        ]

    def _save(self, conversation_id: str, index: int, wanted: Saved, known: Saved | None) -> Saved:
        """Write a turn; as what it was stored."""
        row, clips = _row(index, wanted)
        # Of a turn that is stored already only the time may have changed.
        is_there = known is not None and known.turn is wanted.turn and known.has_audio
        new = () if is_there else tuple(clip.read_bytes() for clip in clips.values())
        try:
            self._put(conversation_id, row, new)
        except NotStoredError:
            if not is_there:
                raise
            # Whoever took the sound had a reason: another clock, or a deletion.
            wanted = wanted.silenced()
            self._put(conversation_id, _row(index, wanted)[0])
        return wanted

    def _put(self, conversation_id: str, row: StoredTurn, new: Sequence[bytes] = ()) -> None:
        self._revision = self._store.save_turn(
            self._tenant, conversation_id, turn=row, new_blobs=new, revision=self._revision
        )


def _wanted(
    retention: RetentionPolicy, turn: Turn, known: Saved | None, *, is_needed: bool, now_s: float
) -> Saved:
    """How a turn is to be stored now."""
    if retention.level != "audio" or not turn.clips:
        return Saved(turn=turn, has_audio=False)
    if known is not None and known.turn.id != turn.id:
        known = None
    before = None if known is None else known.audio_until
    until = retention.audio_until(is_needed=is_needed, known=before, now_s=now_s)
    wanted = Saved(turn=turn, has_audio=True, audio_until=until)
    is_over = until is not None and until <= now_s
    # Once its time has passed it may have been deleted, whatever would be wanted now.
    has_gone = known is not None and (
        known.is_over(now_s) or (known.turn is turn and not known.has_audio)
    )
    return wanted.silenced() if is_over or has_gone else wanted


def _replace(notebook: Notebook, turn: Turn, by: Turn) -> None:
    """Put a turn in the place of another one, where that still is."""
    if by is turn:
        return
    for index, one in enumerate(notebook.turns):
        if one is turn:
            notebook.turns[index] = by


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
    """A stored conversation and its keeper; blocking. Nothing is written: looking disturbs nobody.

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
    notebook = read_head(loads(stored.document))
    saved = [
        Saved(
            turn=read(turn),
            has_audio=bool(turn.blobs),
            audio_until=turn.blobs_until if turn.blobs else None,
        )
        for turn in stored.turns
    ]
    notebook.turns = [one.turn.recovered() for one in saved]
    return notebook, StoreKeeper(store, tenant, revision=stored.revision, saved=saved, wall=wall)


def is_expired(turn: StoredTurn, now_s: float) -> bool:
    """Whether the time of a turn's sound is over."""
    return turn.blobs_until is not None and turn.blobs_until <= now_s
