"""`Conversation` and `Conversations`: the blocking faces of their async namesakes."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from ossicle.client.blocking_stream import BlockingReplyStream, entered
from ossicle.client.loop import LoopThread
from ossicle.conversation import (
    AsyncConversation,
    ConversationOptions,
    ConversationReceipt,
    HistoryPolicy,
    HistoryReport,
    OpenConversationOptions,
    RetentionPolicy,
    Turn,
)
from ossicle.messages import Message, Reply, Usage
from ossicle.pipeline import AudioSource, TurnOptions, takes

if TYPE_CHECKING:
    from ossicle.client.client_backend import AsyncConversations
    from ossicle.storage import ConversationSummary


class Conversation:
    """A conversation; made by `Client.conversation`, never by hand.

    Every method is that of `AsyncConversation`; see there.
    """

    def __init__(self, conversation: AsyncConversation, loop: LoopThread) -> None:
        self._conversation, self._loop = conversation, loop

    def __repr__(self) -> str:
        """Its id and how long it is, never what was said."""
        return f"Conversation({self.id!r}, turns={len(self.turns)})"

    @property
    def id(self) -> str:
        """Its id."""
        return self._conversation.id

    @property
    def instructions(self) -> str | None:
        """How the model shall behave."""
        return self._conversation.instructions

    @property
    def policy(self) -> HistoryPolicy:
        """How much is told again on each turn."""
        return self._conversation.policy

    @property
    def retention(self) -> RetentionPolicy:
        """What of it may be written down."""
        return self._conversation.retention

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, oldest first, in whatever state."""
        return self._conversation.turns

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said in committed turns, with all that is known of it."""
        return self._conversation.messages

    @property
    def usage(self) -> Usage:
        """What all turns used, as far as the vendors told."""
        return self._conversation.usage

    @property
    def receipt(self) -> ConversationReceipt:
        """What all turns used and cost."""
        return self._conversation.receipt

    @property
    def report(self) -> HistoryReport | None:
        """What became of the history on the last call; `None` before the first."""
        return self._conversation.report

    @takes(TurnOptions)
    def send(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        **options: Unpack[TurnOptions],
    ) -> Reply:
        """Say something and get the whole answer; see `AsyncConversation.send`."""
        return self._loop.run(lambda: self._conversation.send(text, audio=audio, **options))

    @contextmanager
    @takes(TurnOptions)
    def stream(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        **options: Unpack[TurnOptions],
    ) -> Iterator[BlockingReplyStream]:
        """The answer as events while they come; see `AsyncConversation.stream`."""
        manager = self._conversation.stream(text, audio=audio, **options)
        with entered(manager, self._loop) as stream:
            yield stream

    def undo(self) -> Turn:
        """Take the last turn back; see `AsyncConversation.undo`."""
        return self._loop.run(self._conversation.undo)

    def switch(self, *models: str) -> HistoryReport:
        """Go on with other models; see `AsyncConversation.switch`."""
        return self._loop.run(functools.partial(self._conversation.switch, *models))

    def branch(self, after: str | None = None) -> Conversation:
        """A new conversation that begins as this one; see `AsyncConversation.branch`."""
        return Conversation(self._conversation.branch(after), self._loop)

    def save(self) -> None:
        """Write what is not written yet; see `AsyncConversation.save`."""
        self._loop.run(self._conversation.save)

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to one file; see `AsyncConversation.export`."""
        return self._loop.run(functools.partial(self._conversation.export, path))


class Conversations:
    """The conversations in a client's store, and those from files; see `AsyncConversations`."""

    def __init__(self, conversations: AsyncConversations, loop: LoopThread) -> None:
        self._conversations, self._loop = conversations, loop

    @takes(OpenConversationOptions)
    def open(
        self, conversation_id: str, **options: Unpack[OpenConversationOptions]
    ) -> Conversation:
        """A stored conversation, to go on with; see `AsyncConversations.open`."""
        found = self._loop.run(lambda: self._conversations.open(conversation_id, **options))
        return Conversation(found, self._loop)

    def list(self) -> tuple[ConversationSummary, ...]:
        """All stored conversations, last changed first; see `AsyncConversations.list`."""
        return self._loop.run(self._conversations.list)

    def delete(self, conversation_id: str) -> bool:
        """Delete a stored conversation; see `AsyncConversations.delete`."""
        return self._loop.run(functools.partial(self._conversations.delete, conversation_id))

    @takes(ConversationOptions)
    def load(
        self,
        path: str | os.PathLike[str],
        *,
        is_copy: bool = False,
        **options: Unpack[ConversationOptions],
    ) -> Conversation:
        """A conversation from a file; see `AsyncConversations.load`."""
        found = self._loop.run(lambda: self._conversations.load(path, is_copy=is_copy, **options))
        return Conversation(found, self._loop)
