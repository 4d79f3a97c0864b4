"""Stops a call at any of its awaits, and tells what it left to the garbage collector."""

from __future__ import annotations

import contextlib
import gc
import sys
import types
import warnings
from collections.abc import AsyncGenerator, Coroutine, Generator, Iterator
from typing import Any

import anyio


class Interrupted:
    """Awaits a coroutine and cancels it where it waits for the n-th time.

    Args:
        work: What is awaited.
        at: The number of the await, from 1.

    Attributes:
        n_awaits: How often it waited.
    """

    def __init__(self, work: Coroutine[Any, Any, object], *, at: int) -> None:
        self._work, self._at = work, at
        self.n_awaits = 0

    async def run(self) -> bool:
        """Run it; whether it was cancelled before it ended by itself."""
        with anyio.CancelScope() as scope:
            await self._stepping(scope)
        return scope.cancelled_caught

    @types.coroutine
    def _stepping(self, scope: anyio.CancelScope) -> Generator[Any, Any, None]:
        answer: Any = None
        failure: BaseException | None = None
        while True:
            try:
                asked = self._work.send(answer) if failure is None else self._work.throw(failure)
            except StopIteration:
                return
            self.n_awaits += 1
            if self.n_awaits == self._at:
                scope.cancel()
            answer, failure = None, None
            try:
                answer = yield asked
            except BaseException as error:  # noqa: BLE001  # handed on to the coroutine
                failure = error


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """Hold what runs inside to leaving no generator and no open file behind; on a loop.

    Raises:
        AssertionError: The garbage collector found some.
    """
    before = sys.get_asyncgen_hooks()
    left: list[str] = []

    def found(generator: AsyncGenerator[Any, Any]) -> None:
        left.append(repr(generator))
        if before.finalizer is not None:
            before.finalizer(generator)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sys.set_asyncgen_hooks(finalizer=found)
        try:
            yield
            gc.collect()
        finally:
            sys.set_asyncgen_hooks(finalizer=before.finalizer)
    left += [str(one.message) for one in told]
    assert not left, left
