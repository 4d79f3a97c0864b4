"""The gate of a conversation: one turn at a time, and nobody waits for himself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio

from ossicle.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType

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
