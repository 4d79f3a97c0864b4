"""Where a conversation is kept while it goes on."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ossicle.conversation.state import ConversationState


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
