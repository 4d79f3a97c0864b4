"""One event loop in a thread of its own, for callers that block."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from ossicle.errors import ConfigurationError

T = TypeVar("T")


class LoopThread:
    """One event loop in one thread, started when first needed; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._is_closed = False

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function to its end; an interrupt here cancels it there."""
        future = self._open().start_task_soon(call)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def enter(self, manager: Any) -> AbstractContextManager[Any]:
        """An async context manager of the loop as a blocking one."""
        return self._open().wrap_async_context_manager(manager)

    def close(self) -> None:
        """End the thread; closing twice is harmless."""
        with self._lock:
            self._is_closed, self._portal = True, None
            stack, self._stack = self._stack, ExitStack()
        stack.close()

    @property
    def is_running(self) -> bool:
        """Whether the thread was started and not closed."""
        return self._portal is not None

    def _open(self) -> BlockingPortal:
        with self._lock:
            if self._is_closed:
                raise ConfigurationError("the client is closed", fix="Make a new one.")
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal("asyncio"))
            return self._portal
