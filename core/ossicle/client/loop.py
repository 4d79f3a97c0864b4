"""One event loop in a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from ossicle.errors import ConfigurationError

T = TypeVar("T")

EXIT_S = 1.0
"""How long the end of a program may wait for the loop: it then goes on without it."""

LOOK_S = 0.5
"""How often a caller that waits for the loop looks whether the loop is still there."""


_THREAD_NAME = "ossicle-loop"


def is_private_loop() -> bool:
    """Whether the calling thread runs the loop of a blocking client."""
    return threading.current_thread().name == _THREAD_NAME


class Stream(Protocol):
    """Something on the loop that has no end of its own while its caller does not read on."""

    @abstractmethod
    def abort(self) -> None:
        """Ask it to end; returns at once."""

    @abstractmethod
    def wait(self, timeout_s: float | None) -> None:
        """Wait until all of it is gone, or its loop is, or the seconds are over."""


class LoopThread:
    """Runs coroutine functions from any thread; the loop starts when first needed.

    Its thread never keeps Python from ending, and ends with this object: a client that was never
    closed is no reason to hang. At the end of a program daemon threads stop for good as soon as
    the interpreter is taken down, so the loop is ended before, and what is finalised later finds
    it gone instead of waiting for it.
    """

    def __init__(self) -> None:
        # Reentrant: what garbage collection finalises may end its stream within any of our lines.
        self._lock = threading.RLock()
        self._serving: _Serving | None = None
        self._process = os.getpid()
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        """Whether the loop runs, in this process."""
        serving = self._serving
        return serving is not None and serving.is_alive and self._process == os.getpid()

    @property
    def can_be_waited_for(self) -> bool:
        """Whether the loop makes progress while the calling thread waits."""
        serving = self._serving
        return self.is_running and (
            serving is not None and serving.thread is not threading.current_thread()
        )

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function to its end; an interrupt here cancels it there.

        Raises:
            ConfigurationError: It was closed, or started in the process that this one is a fork
                of.
        """
        future = self._open().start_task_soon(call)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def start(self, call: Callable[[], Awaitable[T]]) -> Future[T]:
        """Run a coroutine function beside the caller.

        Raises:
            ConfigurationError: As `run` does.
        """
        return self._open().start_task_soon(call)

    def check(self) -> None:
        """Make sure that what was started runs in this process.

        Raises:
            ConfigurationError: It was started in the process that this one is a fork of.
        """
        if self._process != os.getpid():
            self._open()

    def enlist(self, stream: Stream) -> None:
        """Take note of a stream that has begun, so that closing ends it.

        Raises:
            ConfigurationError: It is closed already.
        """
        with self._lock:
            self._check_open()
            if self._serving is not None:
                self._serving.streams.add(stream)

    def discharge(self, stream: Stream) -> None:
        """Forget a stream that is over."""
        with self._lock:
            if self._serving is not None:
                self._serving.streams.discard(stream)

    def end_streams(self) -> None:
        """End all streams under way, whose callers may never read on."""
        serving = self._serving
        if serving is not None and self.is_running:
            serving.end_streams()

    def close(self) -> None:
        """End the streams, and the thread after the calls under way; closing twice is harmless."""
        with self._lock:
            self._is_closed = True
        self.end_streams()
        with self._lock:
            can_be_waited_for = self.can_be_waited_for
            was_running = self.is_running
            serving, self._serving = self._serving, None
        if serving is not None and was_running:
            serving.stop()
            if can_be_waited_for:
                serving.thread.join()

    def _check_open(self) -> None:
        if self._is_closed or not (self._serving is None or self._serving.is_alive):
            raise ConfigurationError("the client is closed", fix="Make a new one.")

    def _open(self) -> BlockingPortal:
        with self._lock:
            self._check_open()
            if self._serving is None:
                self._serving, self._process = _Serving(), os.getpid()
                # The thread knows `_Serving` only, so that nothing keeps this object alive. Also
                # called at the program's end, while daemon threads still run.
                weakref.finalize(self, self._serving.finish)
            elif not self.is_running:
                # A fork copies no threads: whoever waited for this one would wait for ever.
                raise ConfigurationError(
                    "the client was already used before this process was forked",
                    fix="Make a client in each process.",
                )
            return self._serving.portal


class _Serving:
    """The thread with its loop, ready for use.

    Attributes:
        thread: A daemon, and so are the worker threads that it starts.
        portal: The way in.
        streams: Those under way.
        is_alive: Whether it may be waited for; not once the program ends.
    """

    portal: BlockingPortal

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.is_alive = True
        self._is_ready = threading.Event()
        self.thread = threading.Thread(
            target=lambda: anyio.run(self._serve), name=_THREAD_NAME, daemon=True
        )
        self.thread.start()
        self._is_ready.wait()

    async def _serve(self) -> None:
        self._loop, self._is_over = asyncio.get_running_loop(), asyncio.Event()
        async with BlockingPortal() as portal:
            self.portal = portal
            self._is_ready.set()
            await self._is_over.wait()
            await portal.stop()

    def stop(self) -> None:
        """Let the loop end after the calls under way; from any thread, and more than once."""
        with contextlib.suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._is_over.set)

    def end_streams(self, timeout_s: float | None = None) -> None:
        """End all streams under way.

        Args:
            timeout_s: For all of them together; `None`: as long as it takes.
        """
        streams = tuple(self.streams)
        until = None if timeout_s is None else time.monotonic() + timeout_s
        for stream in streams:
            stream.abort()
        for stream in streams:
            stream.wait(None if until is None else max(0.0, until - time.monotonic()))

    def finish(self) -> None:
        """End at the program's end or with the `LoopThread`; waits for `EXIT_S` at most."""
        self.end_streams(EXIT_S)
        self.stop()
        self.is_alive = False
