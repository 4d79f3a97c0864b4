"""Work that outlives the caller who began it, as long as another one waits for the same."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

from ossicle.pipeline.own_task import OwnTask

T = TypeVar("T")


class Execution(Generic[T]):
    """What all calls that want the same at the same time wait for; made by `Executions`."""

    def __init__(self) -> None:
        self.n_callers = 0
        self._job: OwnTask[T] | None = None

    async def result(self, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` makes, or what is being made already.

        A caller who is cancelled leaves it to the others: what has been sent to a vendor is
        billed whether or not somebody listens.
        """
        if self._job is None:
            self._job = OwnTask(make)
        job = self._job
        await job.ended.wait()
        if self._job is job:
            self._job = None
        return job.outcome()

    async def end(self) -> None:
        """Stop what nobody waits for any more, and wait until it has freed what it holds."""
        job, self._job = self._job, None
        if job is not None:
            with anyio.CancelScope(shield=True):
                job.scope.cancel()
                await job.ended.wait()


class Executions:
    """All work under way, by what it is; safe between threads and event loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[tuple[object, str], Execution[object]] = {}

    @contextlib.asynccontextmanager
    async def joined(self, name: str) -> AsyncIterator[Execution[object]]:
        """The execution of this name; when the last of its callers leaves, it is ended."""
        key = (anyio.lowlevel.current_token(), name)  # Tasks of two loops cannot share one.
        with self._lock:
            execution = self._by_name.setdefault(key, Execution())
            execution.n_callers += 1
        try:
            yield execution
        finally:
            with self._lock:
                execution.n_callers -= 1
                is_last = not execution.n_callers
                if is_last:
                    del self._by_name[key]
            if is_last:
                await execution.end()
