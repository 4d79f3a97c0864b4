"""Conversations and their turns, each row with the digest of its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ossicle.errors import NotStoredError
from ossicle.storage.records import ConversationSummary, StoredConversation, StoredTurn
from ossicle.storage.tables.blobs import Blobs, Removed
from ossicle.storage.tables.checksummed import plausible, seal, unseal
from ossicle.storage.tables.connection import Connection, TableDatabase
from ossicle.storage.validation import conflict_error, encode_document, unknown_conversation

_COLUMNS = "id, name, revision, created_at, updated_at, document, digest"


class Conversations:
    """The rows of conversations.

    Args:
        database: Where the rows are.
        blobs: What turns refer to.
        clock: Tells the time in seconds since 1970.
    """

    def __init__(
        self, database: TableDatabase, blobs: Blobs, *, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def save(
        self,
        tenant: str,
        name: str,
        *,
        document: str,
        turns: Sequence[StoredTurn],
        new_blobs: Mapping[str, bytes],
        revision: int | None,
    ) -> int:
        """Write what belongs to no turn, and turns with their blobs; the new revision."""
        data = encode_document(document)
        with self._blobs.writing(tenant, new_blobs) as rows:
            now = self._clock()
            if revision in (None, 0):
                rows.execute(
                    "INSERT INTO conversations (tenant, name, revision, created_at, updated_at,"
                    " document, digest) VALUES (?, ?, 0, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (tenant, name, now, now, b"", b""),
                )
            key, changed = self._change(rows, tenant, name, revision)
            rows.execute(
                "UPDATE conversations SET document = ?, digest = ? WHERE id = ?",
                (data, seal(data, name), key),
            )
            removed = self._put_turns(rows, tenant, key, turns, new_blobs)
        self._blobs.discard(removed.names)
        return changed

    def save_turn(
        self,
        tenant: str,
        name: str,
        *,
        turn: StoredTurn,
        new_blobs: Mapping[str, bytes],
        revision: int | None,
    ) -> int:
        """Write a turn and its blobs; the conversation's new revision."""
        with self._blobs.writing(tenant, new_blobs) as rows:
            key, changed = self._change(rows, tenant, name, revision)
            removed = self._put_turns(rows, tenant, key, (turn,), new_blobs)
        self._blobs.discard(removed.names)
        return changed

    def _put_turns(
        self,
        rows: Connection,
        tenant: str,
        key: int,
        turns: Sequence[StoredTurn],
        new_blobs: Mapping[str, bytes],
    ) -> Removed:
        """Put turns in the place of those of their indexes; what only those needed."""
        for digest, content in new_blobs.items():
            self._blobs.keep(rows, tenant, digest=digest, data=content, until=0)
        freed: list[int] = []
        for turn in turns:
            data = encode_document(turn.document)
            needed = [self._claim(rows, tenant, digest) for digest in turn.blobs]
            freed += self._remove_turns(rows, key, "position = ?", turn.index)
            rows.execute(
                "INSERT INTO turns (conversation, position, document, digest, blobs_until)"
                " VALUES (?, ?, ?, ?, ?)",
                (key, turn.index, data, seal(data, str(turn.index)), turn.blobs_until),
            )
            added = rows.execute(
                "SELECT id FROM turns WHERE conversation = ? AND position = ?", (key, turn.index)
            ).fetchone()
            rows.executemany(
                "INSERT INTO turn_blobs (turn, place, blob) VALUES (?, ?, ?)",
                [(added[0], place, blob) for place, blob in enumerate(needed)],
            )
        return self._blobs.remove_unneeded(rows, freed)

    def delete_turns(self, tenant: str, name: str, *, start: int, revision: int | None) -> int:
        """Delete the turns from an index on; the conversation's new revision."""
        with self._database.writing() as rows:
            key, changed = self._change(rows, tenant, name, revision)
            # SQLite holds 64 bits; no index is beyond 53.
            freed = self._remove_turns(rows, key, "position >= ?", max(-1, min(start, 2**53)))
            removed = self._blobs.remove_unneeded(rows, freed)
        self._blobs.discard(removed.names)
        return changed

    def load(self, tenant: str, name: str) -> StoredConversation:
        """A conversation with all its turns, each checked."""
        with self._database.reading() as rows:
            found = rows.execute(
                f"SELECT {_COLUMNS} FROM conversations WHERE tenant = ? AND name = ?",
                (tenant, name),
            ).fetchone()
            if found is None:
                raise unknown_conversation(name)
            turns = rows.execute(
                "SELECT id, position, document, digest, blobs_until FROM turns"
                " WHERE conversation = ? ORDER BY position",
                (found[0],),
            ).fetchall()
            blobs: dict[int, list[str]] = {}
            for turn, digest in rows.execute(
                "SELECT turn, blobs.digest FROM turn_blobs JOIN turns ON turns.id = turn"
                " JOIN blobs ON blobs.id = blob WHERE conversation = ? ORDER BY turn, place",
                (found[0],),
            ):
                blobs.setdefault(turn, []).append(digest)
        _, name, revision, created_at, updated_at, document, digest = found
        with plausible():
            return StoredConversation(
                conversation_id=name,
                revision=revision,
                created_at=created_at,
                updated_at=updated_at,
                document=unseal(document, digest, name),
                turns=tuple(
                    StoredTurn(
                        index=position,
                        document=unseal(text, digest, str(position)),
                        blobs=tuple(blobs.get(turn, ())),
                        blobs_until=until,
                    )
                    for turn, position, text, digest, until in turns
                ),
            )

    def summaries(self, tenant: str) -> tuple[ConversationSummary, ...]:
        """All conversations of a tenant, last changed first."""
        with self._database.reading() as rows:
            found = rows.execute(
                f"SELECT {_COLUMNS}, (SELECT count(*) FROM turns"
                " WHERE conversation = conversations.id)"
                " FROM conversations WHERE tenant = ? ORDER BY updated_at DESC, name",
                (tenant,),
            ).fetchall()
        with plausible():
            return tuple(
                ConversationSummary(
                    conversation_id=name,
                    revision=revision,
                    created_at=created_at,
                    updated_at=updated_at,
                    document=unseal(document, digest, name),
                    n_turns=n_turns,
                )
                for _, name, revision, created_at, updated_at, document, digest, n_turns in found
            )

    def remove(self, rows: Connection, tenant: str, name: str) -> Removed | None:
        """Delete a conversation; the blobs that only it needed, or `None`: there was none."""
        found = rows.execute(
            "SELECT id FROM conversations WHERE tenant = ? AND name = ?", (tenant, name)
        ).fetchone()
        if found is None:
            return None
        freed = self._remove_turns(rows, found[0], "position >= ?", 0)
        rows.execute("DELETE FROM conversations WHERE id = ?", found)
        return self._blobs.remove_unneeded(rows, freed)

    def expire_blobs(self, rows: Connection) -> int:
        """Take their blobs from the turns that were to keep them no longer; how many turns."""
        due = rows.execute(
            "SELECT DISTINCT turns.id FROM turns JOIN turn_blobs ON turn = turns.id"
            " WHERE blobs_until <= ?",
            (self._clock(),),
        ).fetchall()
        rows.executemany("DELETE FROM turn_blobs WHERE turn = ?", due)
        return len(due)

    def remove_tenant(self, rows: Connection, tenant: str) -> Removed:
        """Delete all conversations and blobs of a tenant."""
        rows.execute("DELETE FROM conversations WHERE tenant = ?", (tenant,))
        keys = rows.execute("SELECT id FROM blobs WHERE tenant = ?", (tenant,)).fetchall()
        return self._blobs.remove(rows, [key for (key,) in keys])

    def _change(
        self, rows: Connection, tenant: str, name: str, expected: int | None
    ) -> tuple[int, int]:
        found = rows.execute(
            "SELECT id, revision FROM conversations WHERE tenant = ? AND name = ?", (tenant, name)
        ).fetchone()
        if found is None:
            raise unknown_conversation(name)
        key, revision = found
        if expected is not None and revision != expected:
            raise conflict_error(revision, expected)
        rows.execute(
            "UPDATE conversations SET revision = ?, updated_at = ? WHERE id = ?",
            (revision + 1, self._clock(), key),
        )
        return key, revision + 1

    def _claim(self, rows: Connection, tenant: str, digest: str) -> int:
        key = self._blobs.key(rows, tenant, digest)
        if key is None:
            raise NotStoredError(
                "a blob of the turn is not stored", fix="Pass its bytes as a new blob."
            )
        rows.execute("UPDATE blobs SET unclaimed_until = 0 WHERE id = ?", (key,))
        return key

    def _remove_turns(self, rows: Connection, key: int, which: str, position: int) -> list[int]:
        """Delete turns; the rows of the blobs they referred to."""
        freed = rows.execute(
            "SELECT DISTINCT blob FROM turn_blobs JOIN turns ON turns.id = turn"
            f" WHERE conversation = ? AND {which}",
            (key, position),
        ).fetchall()
        rows.execute(f"DELETE FROM turns WHERE conversation = ? AND {which}", (key, position))
        return [blob for (blob,) in freed]
