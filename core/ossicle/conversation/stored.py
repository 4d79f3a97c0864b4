"""A conversation in a store: each turn with its audio, written before and after it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from anyio import to_thread

from ossicle.conversation.document import dumps, loads, read_head, read_turn, write_head, write_turn
from ossicle.conversation.notebook import Notebook
from ossicle.conversation.turn import Turn
from ossicle.errors import NotStoredError
from ossicle.storage import Store
from ossicle.storage import Turn as StoredTurn


class StoreKeeper:
    """Keeps one conversation in a store.

    Another writer of the same conversation is noticed by its revision and refused.

    Args:
        store: Where.
        tenant: Whose.
        revision: Of the conversation as it was loaded; 0: it must be new.
        saved: The turns as they are stored already.
    """

    def __init__(
        self, store: Store, tenant: str, *, revision: int = 0, saved: Sequence[Turn] = ()
    ) -> None:
        self._store, self._tenant, self._revision = store, tenant, revision
        self._saved = list(saved)
        self._head: str | None = None

    async def keep(self, notebook: Notebook) -> None:
        """Write the head where it changed, and every turn that is not stored as it is now.

        Raises:
            StorageConflictError: Someone else has written to the conversation.
            StorageError: It could not be written.
        """
        await to_thread.run_sync(self.write, notebook)

    def write(self, notebook: Notebook) -> None:
        """The same as `keep`, blocking."""
        head = dumps(write_head(notebook))
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
        for index, turn in enumerate(notebook.turns):
            # Turns are frozen: one that changed is another object.
            if index < len(self._saved) and self._saved[index] is turn:
                continue
            self._save(notebook.id, index, turn)
            self._saved[index : index + 1] = [turn]

    def _save(self, conversation_id: str, index: int, turn: Turn) -> None:
        data, clips = write_turn(turn)
        self._revision = self._store.save_turn(
            self._tenant,
            conversation_id,
            turn=StoredTurn(index=index, document=dumps(data), blobs=tuple(clips)),
            new_blobs=tuple(clip.read_bytes() for clip in clips.values()),
            revision=self._revision,
        )


def load_notebook(store: Store, tenant: str, conversation_id: str) -> tuple[Notebook, StoreKeeper]:
    """A stored conversation and its keeper; blocking.

    Turns that were under way when their process ended count as ambiguous.

    Raises:
        NotStoredError: There is no such conversation.
        SchemaVersionError: It was written by a newer version.
        StorageCorruptError: It is damaged.
    """

    def blob(digest: str) -> bytes | None:
        try:
            return store.read_blob(tenant, digest)
        except NotStoredError:
            # Retention deletes audio before its turn; the words are left.
            return None

    stored = store.load_conversation(tenant, conversation_id)
    notebook = read_head(loads(stored.document))
    saved = [read_turn(loads(turn.document), blob) for turn in stored.turns]
    notebook.turns = [turn.recovered() for turn in saved]
    return notebook, StoreKeeper(store, tenant, revision=stored.revision, saved=saved)
