"""One event loop in a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import weakref
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from ossicle.errors import ConfigurationError

T = TypeVar("T")


class Stream(Protocol):
    """Something on the loop that has no end of its own while its caller does not read on."""

    @abstractmethod
    def abort(self) -> None:
        """End it, and wait until all of it is gone."""


class LoopThread:
    """Runs coroutine functions from any thread; the loop starts when first needed.

    Its thread never keeps Python from ending, and ends with this object: a client that nobody
    closed is no reason to hang.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._serving: _Serving | None = None
        self._process = os.getpid()
        self._is_closed = False
        self._streams: set[Stream] = set()

    @property
    def is_running(self) -> bool:
        """Whether the loop runs, in this process."""
        return self._serving is not None and self._process == os.getpid()

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
            self._streams.add(stream)

    def discharge(self, stream: Stream) -> None:
        """Forget a stream that is over."""
        with self._lock:
            self._streams.discard(stream)

    def end_streams(self) -> None:
        """End all streams under way, whose callers may never read on."""
        with self._lock:
            streams = tuple(self._streams) if self.is_running else ()
        for stream in streams:
            stream.abort()

    def close(self) -> None:
        """End the streams, and the thread after the calls under way; twice is harmless."""
        with self._lock:
            self._is_closed = True
        self.end_streams()
        with self._lock:
            was_running = self.is_running
            serving, self._serving = self._serving, None
        if serving is not None and was_running:
            serving.stop()
            serving.thread.join()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigurationError("the client is closed", fix="Make a new one.")

    def _open(self) -> BlockingPortal:
        with self._lock:
            self._check_open()
            if self._serving is None:
                self._serving, self._process = _Serving(), os.getpid()
                # The thread knows `_Serving` only, so that nothing keeps this object alive.
                weakref.finalize(self, self._serving.stop)
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
    """

    portal: BlockingPortal

    def __init__(self) -> None:
        self._is_ready = threading.Event()
        self.thread = threading.Thread(
            target=lambda: anyio.run(self._serve), name="ossicle-loop", daemon=True
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
