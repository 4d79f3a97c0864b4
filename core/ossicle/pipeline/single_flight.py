"""Work that outlives the caller who began it, as long as another one waits for the same."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

from ossicle.errors import BudgetExceededError, DeadlineExceededError, OssicleError
from ossicle.pipeline.detached_task import DetachedTask

T = TypeVar("T")


class Execution(Generic[T]):
    """What all calls that want the same at the same time wait for; made by `SingleFlight`."""

    def __init__(self) -> None:
        self.n_callers = 0
        self.failure: OssicleError | None = None
        self._job: DetachedTask[T] | None = None

    async def result(self, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` makes, or what is being made already.

        A caller who is cancelled leaves it to the others: what has been sent to a vendor is
        billed whether or not somebody listens. A failure is that of all who wait, since they ask
        with one key; but who finds another's time or budget used up has its own.
        """
        while True:
            if self.failure is not None:
                raise copy.copy(self.failure) from self.failure
            is_own = self._job is None
            job = self._job = self._job or DetachedTask(make)
            await job.ended.wait()
            if self._job is job:
                self._job = None
            try:
                return job.outcome()
            except (DeadlineExceededError, BudgetExceededError):
                if is_own:
                    raise
            except OssicleError as error:
                self.failure = error
                raise

    async def end(self) -> None:
        """Stop what nobody waits for any more, and wait until it has freed what it holds."""
        job, self._job = self._job, None
        if job is not None:
            with anyio.CancelScope(shield=True):
                job.scope.cancel()
                await job.ended.wait()


class SingleFlight:
    """All work under way, by what it is; safe between threads and event loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[tuple[object, str], Execution[object]] = {}

    @contextlib.asynccontextmanager
    async def join(self, name: str) -> AsyncIterator[Execution[object]]:
        """The execution of this name; when the last of its callers leaves, it is ended."""
        key = (anyio.lowlevel.current_token(), name)  # Tasks of two loops cannot share one.
        with self._lock:
            execution = self._by_name.get(key)
            if execution is None or execution.failure is not None:  # Who comes later tries anew.
                execution = self._by_name[key] = Execution()
            execution.n_callers += 1
        try:
            yield execution
        finally:
            with self._lock:
                execution.n_callers -= 1
                is_last = not execution.n_callers
                if is_last and self._by_name.get(key) is execution:
                    del self._by_name[key]
            if is_last:
                await execution.end()
