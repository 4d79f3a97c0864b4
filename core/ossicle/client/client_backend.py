"""Conversations of a client: new ones, stored ones, imported ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Unpack

from anyio import to_thread

from ossicle.abc import Capabilities
from ossicle.client.call_router import CallRouter, load_all, user_message
from ossicle.conversation import (
    AsyncConversation,
    ConversationOptions,
    ConversationState,
    ConversationStore,
    NullStore,
    OpenConversationOptions,
    RetentionPolicy,
    import_state,
    load_state,
    new_id,
    persistence_of,
    retention_of,
)
from ossicle.errors import ConfigurationError, NotStoredError
from ossicle.messages import Message, Task
from ossicle.pipeline import AudioSource, CallRequest, ReplyStream, check_names, takes
from ossicle.policy import Allowance, Clock
from ossicle.storage import ConversationSummary, Store


class ClientBackend:
    """The way from a conversation to models, through a client's router.

    Args:
        router: The client's.
        retention: Of the conversation.
    """

    def __init__(self, router: CallRouter, retention: RetentionPolicy) -> None:
        self._router, self._retention = router, retention
        self.clock: Clock = router.runtime.clock
        self.tenant = router.tenant
        self.timeout_s = router.timeout_s
        self.references: tuple[str | None, ...] = (None, *router.fallbacks)

    def capabilities(self, reference: str | None, task: Task = "respond") -> Capabilities:
        """What the model of a reference can do."""
        return self._router.pool.capabilities(*self._router.resolve(reference, task))

    def local_transcribers(self, language: str | None) -> tuple[str, ...]:
        """Providers on this machine that surely write down speech in this language."""
        return () if language is None else self._router.pool.local_transcribers(language)

    def check_options(self, named: object) -> None:
        """Make sure that there is a provider for all of `provider_options`."""
        self._router.check_options(named)

    def call(
        self, wanted: CallRequest, *, reference: str | None, conversation_id: str, timeout_s: float
    ) -> ReplyStream:
        """A call that is not begun yet."""
        budget = self._router.runtime.budget
        is_bound = budget is not None and budget.limits.conversation != Allowance()
        return self._router.call(
            wanted,
            reference=reference,
            timeout_s=timeout_s,
            # An account of its own is a trace of it; without a bound nobody needs one.
            conversation_id=conversation_id if is_bound else None,
            retention=self._retention.level,
        )

    async def user_message(
        self, text: str | None, audio: AudioSource | Sequence[AudioSource] | None
    ) -> Message:
        """What the user says."""
        limits = self._router.runtime.settings.limits
        clips = await to_thread.run_sync(lambda: load_all(audio, limits=limits))
        message = user_message(text, clips)
        if message is None:
            raise ConfigurationError(
                "neither text nor audio was given", fix="Give text=..., audio=..., or both."
            )
        return message


class AsyncConversations:
    """The conversations in a client's store, and those from files; see `AsyncClient.conversations`.

    Args:
        router: The client's router.
        store: Where they are kept, or `None`.
    """

    def __init__(self, router: CallRouter, store: Store | None) -> None:
        self._router, self._store = router, store

    @takes(OpenConversationOptions)
    async def open(
        self, conversation_id: str, **options: Unpack[OpenConversationOptions]
    ) -> AsyncConversation:
        """A stored conversation, to go on with.

        Args:
            conversation_id: Its id.

        Raises:
            NotStoredError: There is none of this id.
            SchemaVersionError: It was written by a newer version.
            StorageCorruptError: It is damaged.
            ConfigurationError: The client has no store.
        """
        check_names("open", options, OpenConversationOptions)
        store, named = self._needed(), options.get("retention")
        wanted = None if named is None else retention_of(named)
        state, persistence = await to_thread.run_sync(self._loaded, store, conversation_id, wanted)
        return self._going_on(state, persistence, options)

    def _loaded(
        self, store: Store, conversation_id: str, wanted: RetentionPolicy | None
    ) -> tuple[ConversationState, ConversationStore]:
        tenant = self._router.tenant
        wall = self._router.runtime.clock.wall
        try:
            state, persistence = load_state(store, tenant, conversation_id, wall=wall)
        except NotStoredError:
            if wanted is not None and wanted.level == "none":
                # An opening before this one may have been kept from removing the last bytes.
                self._delete(store, conversation_id)
            raise
        before = state.retention
        if wanted is None or wanted == before:
            return state, persistence
        state.retention = wanted
        if wanted.level == "none":
            self._delete(store, conversation_id)
            return state, NullStore()
        if before.stricter(wanted) != before:
            # The head tells the new policy last: where this fails, the same call begins anew.
            persistence.write_turns(state)
            store.clean()
        persistence.write(state)
        return state, persistence

    async def list(self) -> tuple[ConversationSummary, ...]:
        """All stored conversations of the client's tenant, last changed first.

        Raises:
            ConfigurationError: The client has no store.
            StorageError: The store failed.
        """
        return await to_thread.run_sync(self._needed().list_conversations, self._router.tenant)

    async def delete(self, conversation_id: str) -> bool:
        """Delete a stored conversation with its audio; whether there was one.

        Its account in the books of the client's budget goes too: one that begins anew under its id
        has all of its bound.

        Raises:
            ConfigurationError: The client has no store.
            StorageError: The store failed.
        """
        return await to_thread.run_sync(self._delete, self._needed(), conversation_id)

    def _delete(self, store: Store, conversation_id: str) -> bool:
        tenant, budget = self._router.tenant, self._router.runtime.budget
        is_found = store.delete_conversation(tenant, conversation_id)
        if budget is not None:  # Its books may be in memory or elsewhere.
            budget.forget_conversation(conversation_id, tenant=tenant)
        return is_found

    @takes(ConversationOptions)
    async def load(
        self,
        path: str | os.PathLike[str],
        *,
        is_copy: bool = False,
        **options: Unpack[ConversationOptions],
    ) -> AsyncConversation:
        """A conversation from a file that `export` wrote; kept in the store where there is one.

        It keeps its retention, or that of the client where that is stricter.

        Args:
            path: Of the file.
            is_copy: Give it a new id; else it keeps its own.

        Raises:
            FileAccessError: The file cannot be read.
            SchemaVersionError: It was written by a newer version.
            StorageCorruptError: It is damaged, or a digest does not match.
            StorageConflictError: A conversation of this id is stored already.
        """
        check_names("load", options, ConversationOptions)
        state: ConversationState = await to_thread.run_sync(import_state, path)
        if is_copy:
            state.id = new_id()
        state.retention = state.retention.stricter(self._router.retention)
        wall = self._router.runtime.clock.wall
        persistence = persistence_of(state, self._store, self._router.tenant, wall=wall)
        await persistence.keep(state)
        return self._going_on(state, persistence, options)

    def _going_on(
        self,
        state: ConversationState,
        persistence: ConversationStore,
        options: ConversationOptions,
    ) -> AsyncConversation:
        backend = ClientBackend(self._router, state.retention)
        return AsyncConversation(
            state, backend, options, store=self._store, persistence=persistence
        )

    def _needed(self) -> Store:
        if self._store is None:
            raise ConfigurationError(
                "the client has no store", fix="Give it one: AsyncClient(..., store=...)."
            )
        return self._store
