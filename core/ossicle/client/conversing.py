"""Conversations of a client: new ones, stored ones, imported ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import cast

from anyio import to_thread

from ossicle.abc import Capabilities
from ossicle.client.asking import AudioSource, load_all, user_message
from ossicle.client.switchboard import Switchboard
from ossicle.conversation import (
    AsyncConversation,
    Notebook,
    StoreKeeper,
    Summarizer,
    ToolCallback,
    import_notebook,
    load_notebook,
    new_id,
)
from ossicle.errors import ConfigurationError
from ossicle.messages import Message, Task, Tool
from ossicle.pipeline import Draft, ReplyStream
from ossicle.policy import Clock
from ossicle.storage import ConversationSummary, Store


class SwitchboardLine:
    """The way from a conversation to models, through a client's switchboard.

    Args:
        board: The client's.
    """

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self.clock: Clock = board.shop.clock
        self.tenant = board.tenant
        self.timeout_s = board.timeout_s
        self.references: tuple[str | None, ...] = (None, *board.fallbacks)

    def capabilities(self, reference: str | None, task: Task = "respond") -> Capabilities:
        """What the model of a reference can do."""
        return self._board.pool.capabilities(*self._board.resolve(reference, task))

    def local_transcribers(self, language: str | None) -> tuple[str, ...]:
        """Providers on this machine that surely write down speech in this language."""
        return () if language is None else self._board.pool.local_transcribers(language)

    def call(
        self, draft: Draft, *, reference: str | None, conversation_id: str, timeout_s: float
    ) -> ReplyStream:
        """A call that is not begun yet."""
        return self._board.call(
            draft, reference=reference, timeout_s=timeout_s, conversation_id=conversation_id
        )

    async def user_message(self, text: str | None, audio: object) -> Message:
        """What the user says."""
        limits = self._board.shop.settings.limits
        source = cast("AudioSource | Sequence[AudioSource] | None", audio)
        clips = await to_thread.run_sync(lambda: load_all(source, limits=limits))
        message = user_message(text, clips)
        if message is None:
            raise ConfigurationError(
                "neither text nor audio was given", fix="Give text=..., audio=..., or both."
            )
        return message


class AsyncConversations:
    """The conversations in a client's store, and those from files; see `AsyncClient.conversations`.

    Args:
        board: The client's switchboard.
        store: Where they are kept, or `None`.
    """

    def __init__(self, board: Switchboard, store: Store | None) -> None:
        self._board, self._store = board, store

    async def open(
        self,
        conversation_id: str,
        *,
        tools: Sequence[Tool] = (),
        on_tool_call: ToolCallback | None = None,
        summarize: Summarizer | None = None,
    ) -> AsyncConversation:
        """A stored conversation, to go on with.

        Args:
            conversation_id: Its id.
            tools: As in `AsyncClient.conversation`.
            on_tool_call: As there.
            summarize: As there.

        Raises:
            NotStoredError: There is none of this id.
            SchemaVersionError: It was written by a newer version.
            StorageCorruptError: It is damaged.
            ConfigurationError: The client has no store.
        """
        store = self._needed()
        notebook, keeper = await to_thread.run_sync(
            load_notebook, store, self._board.tenant, conversation_id
        )
        return AsyncConversation(
            notebook,
            SwitchboardLine(self._board),
            tools=tools,
            on_tool_call=on_tool_call,
            summarize=summarize,
            store=store,
            keeper=keeper,
        )

    async def list(self) -> tuple[ConversationSummary, ...]:
        """All stored conversations of the client's tenant, last changed first.

        Raises:
            ConfigurationError: The client has no store.
            StorageError: The store failed.
        """
        return await to_thread.run_sync(self._needed().list_conversations, self._board.tenant)

    async def delete(self, conversation_id: str) -> bool:
        """Delete a stored conversation with its audio; whether there was one.

        Raises:
            ConfigurationError: The client has no store.
            StorageError: The store failed.
        """
        store = self._needed()
        return await to_thread.run_sync(
            store.delete_conversation, self._board.tenant, conversation_id
        )

    async def load(
        self,
        path: str | os.PathLike[str],
        *,
        is_copy: bool = False,
        tools: Sequence[Tool] = (),
        on_tool_call: ToolCallback | None = None,
        summarize: Summarizer | None = None,
    ) -> AsyncConversation:
        """A conversation from a file that `export` wrote; kept in the store where there is one.

        Args:
            path: Of the file.
            is_copy: Give it a new id; else it keeps its own.
            tools: As in `AsyncClient.conversation`.
            on_tool_call: As there.
            summarize: As there.

        Raises:
            FileAccessError: The file cannot be read.
            SchemaVersionError: It was written by a newer version.
            StorageCorruptError: It is damaged, or a digest does not match.
            StorageConflictError: A conversation of this id is stored already.
        """
        notebook: Notebook = await to_thread.run_sync(import_notebook, path)
        if is_copy:
            notebook.id = new_id()
        keeper = None
        if self._store is not None:
            keeper = StoreKeeper(self._store, self._board.tenant)
            await keeper.keep(notebook)
        return AsyncConversation(
            notebook,
            SwitchboardLine(self._board),
            tools=tools,
            on_tool_call=on_tool_call,
            summarize=summarize,
            store=self._store,
            keeper=keeper,
        )

    def _needed(self) -> Store:
        if self._store is None:
            raise ConfigurationError(
                "the client has no store", fix="Give it one: AsyncClient(..., store=...)."
            )
        return self._store
