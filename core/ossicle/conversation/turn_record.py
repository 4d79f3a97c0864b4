"""The turn under way, as the state and the store come to know it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio

from ossicle.conversation.outcome import code_of, state_after
from ossicle.conversation.persistence import ConversationStore
from ossicle.conversation.state import ConversationState
from ossicle.conversation.turn import Turn, TurnState
from ossicle.errors import ConfigurationError, OssicleError
from ossicle.messages import Message, Receipt

if TYPE_CHECKING:
    from types import TracebackType


_LOG = logging.getLogger("ossicle.conversation")


class TurnLog:
    """Writes one turn: what is known of it always stands in the state.

    Args:
        state: The conversation.
        persistence: Where it is kept.

    Attributes:
        broken: Of the call that an error broke, or of one that was left; `None`: there is none.
    """

    def __init__(self, state: ConversationState, persistence: ConversationStore) -> None:
        self._state, self._persistence = state, persistence
        self._turn: Turn | None = None
        self.broken: Receipt | None = None

    @property
    def turn(self) -> Turn:
        """The turn as it stands.

        Raises:
            ConfigurationError: It has not begun.
        """
        if self._turn is None:
            raise ConfigurationError("the turn has not begun", fix="Use `async with` first.")
        return self._turn

    async def begin(self, user: Message) -> None:
        """Note the turn as pending, and keep it."""
        self._turn = self._state.begin(user)
        await self._persistence.keep(self._state)

    def put(self, turn: Turn) -> None:
        """Replace the turn as it stands."""
        self._turn = turn
        self._state.put(turn)

    def note(
        self,
        *,
        receipts: tuple[Receipt, ...] = (),
        notes: tuple[str, ...] = (),
        provider: str | None = None,
        model: str | None = None,
        state: TurnState | None = None,
        error: str | None = None,
    ) -> None:
        """Add to what is known; the first error counts."""
        turn = self.turn
        known = {
            "receipts": (*turn.receipts, *receipts),
            "notes": tuple(dict.fromkeys((*turn.notes, *notes))),
            "provider": provider or turn.provider,
            "model": model or turn.model,
            "state": state or turn.state,
            "error": turn.error or error,
        }
        self.put(turn.model_copy(update=known))

    async def end(
        self,
        state: TurnState | None,
        error: BaseException | None,
        *,
        answered: Receipt | None,
        is_kept: bool,
    ) -> None:
        """Give the turn its last state and keep it.

        Args:
            state: `None`: as the error says.
            error: What ended it.
            answered: Of the answer, if one came to its end.
            is_kept: Whether it is to be written down.

        Raises:
            StorageError: It could not be written and no other error ended it; with the receipt.
        """
        if self._turn is None:
            return
        self.note(
            state=state or state_after(error, self.broken),
            error=None if error is None else code_of(error),
        )
        if not is_kept:
            return
        try:
            await self._persistence.keep(self._state)
        except OssicleError as failure:
            self.note(error=code_of(failure))
            if error is not None:  # which says more, and is what the caller gets
                _LOG.warning("a turn that failed could not be written down: %s", failure.what)
                return
            failure.receipt = answered or self.broken
            raise


_WITHIN: ContextVar[frozenset[object]] = ContextVar("ossicle_turns_within", default=frozenset())
"""The turns that what runs now is a part of; worker threads and their calls inherit it."""


class TurnLock:
    """Lets one pass at a time; an async context manager for work that is no turn.

    Whoever holds it and asks again, from the same task or from a tool that the turn runs, would
    wait for ever and is refused.
    """

    def __init__(self) -> None:
        self._semaphore = anyio.Semaphore(1)
        self._pass: object | None = None
        self._holder: int | None = None

    async def acquire(self) -> None:
        """Wait until the one before has passed.

        Raises:
            ConfigurationError: The one before waits for the caller.
        """
        task = anyio.get_current_task().id
        if self._pass is not None and (self._holder == task or self._pass in _WITHIN.get()):
            raise ConfigurationError(
                "the turn that is under way would wait for itself",
                fix="Read its stream to the end or leave it first; a tool cannot go on with the "
                "conversation that called it, only with another one.",
            )
        await self._semaphore.acquire()
        self._pass, self._holder = object(), task

    def release(self) -> None:
        """Let the next one pass."""
        self._pass = self._holder = None
        self._semaphore.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Around what the holder has others do for it: a part of its turn."""
        token = _WITHIN.set(_WITHIN.get() | {self._pass})
        try:
            yield
        finally:
            _WITHIN.reset(token)

    async def __aenter__(self) -> None:
        """Acquire it."""
        await self.acquire()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release it."""
        self.release()
