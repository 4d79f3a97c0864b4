"""Reads a stream of events on the loop ahead of a caller that blocks in another thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager

import anyio

from ossicle.client.loop import LOOK_S, LoopThread
from ossicle.conversation import ConversationStream
from ossicle.errors import ConfigurationError
from ossicle.messages import AudioDelta, Event, TextDelta, TranscriptDelta
from ossicle.pipeline import ReplyStream

_WAITING_BYTES = 1 << 19
"""What waits to be taken; as much again may have been taken and not been looked at yet."""

_EVENT_BYTES = 256
"""What an event takes beside its audio or text, roughly."""


class ReadAhead:
    """A stream that one task of the loop enters, reads and leaves.

    Handing an event from thread to thread costs more than making it, above all on a busy machine.
    So events are taken by the batch, and the loop reads on meanwhile: up to 1 MiB, counted on both
    sides, then it waits for the caller. Nothing is read before the first event is asked for.

    Args:
        manager: The stream, not entered.
        loop: Where it runs.

    Attributes:
        stream: What the manager gave.

    Raises:
        OssicleError: Whatever entering raises.
    """

    stream: ReplyStream | ConversationStream

    def __init__(
        self,
        manager: AbstractAsyncContextManager[ReplyStream | ConversationStream],
        loop: LoopThread,
    ) -> None:
        self._manager, self._thread = manager, loop
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._n_bytes = 0
        self._taken: deque[Event] = deque()
        self._is_over = self._is_begun = self._drops = self._left_badly = False
        self._has_sounded = False
        self._error: BaseException | None = None
        self._entered: Future[ReplyStream | ConversationStream] = Future()
        served = loop.start(self._serve)
        try:
            self.stream = self._entered.result()
        except BaseException:
            served.cancel()
            raise

    def next(self) -> Event | None:
        """The next event; `None` at the end. Blocks.

        Raises:
            OssicleError: What ended the stream, after the events before it.
        """
        if not self._taken:
            self._begin()
            with self._changed:
                while not (self._waiting or self._is_over):
                    self._thread.check()
                    if not self._thread.can_be_waited_for:
                        raise self._closed()
                    self._changed.wait(LOOK_S)
                self._taken, self._waiting, self._n_bytes = self._waiting, deque(), 0
            self._wake()
        if self._taken:
            return self._taken.popleft()
        self._raise_error()
        return None

    def drain(self) -> None:
        """Read to the end and drop what comes. Blocks.

        Raises:
            OssicleError: What ended the stream.
        """
        with self._changed:
            self._drops = True
            self._waiting.clear()
            self._n_bytes = 0
        self._taken.clear()
        self._begin()
        self._wake()
        self.wait(None)
        self._raise_error()

    def close(self) -> None:
        """End the stream, wherever it stands, and wait until all of it is gone.

        Raises:
            BaseException: Leaving it failed.
        """
        self._taken.clear()
        if not self._is_over:
            if not self._thread.can_be_waited_for:
                # In a fork, after the program's end, or collected on the loop's own thread.
                self._post_if_running(self._stop)
                return
            self._post(self._stop)
            self.wait(None)
        if self._left_badly:  # what reading met is no business of a caller who left
            self._raise_error()

    def abort(self) -> None:
        """Ask the stream to end because its client is closed; its reader gets an error."""
        self._post_if_running(self._life.cancel)

    # On the caller's side

    def _begin(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._post(self._wanted.set)

    def _wake(self) -> None:
        if self._is_full:
            self._post(self._room.set)

    def _post(self, work: object) -> None:
        self._thread.check()
        self._post_if_running(work)

    def _post_if_running(self, work: object) -> None:
        if not self._thread.is_running:
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the task with it
            self._loop.call_soon_threadsafe(work)  # type: ignore[arg-type]  # a function

    def wait(self, timeout_s: float | None) -> None:
        """Wait until all of the stream is gone, or its loop is, or the seconds are over."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not self._is_over and self._thread.can_be_waited_for:
                left = LOOK_S if until is None else min(LOOK_S, until - time.monotonic())
                if left <= 0:
                    return
                self._changed.wait(left)

    @staticmethod
    def _closed() -> ConfigurationError:
        return ConfigurationError(
            "the client was closed while the stream was read", fix="Close the client last."
        )

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    # On the loop

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wanted, self._room, self._is_full = asyncio.Event(), asyncio.Event(), False
        self._scope, self._life = anyio.CancelScope(), anyio.CancelScope()
        error: BaseException | None = self._closed()
        try:
            self._thread.enlist(self)
            with self._life:
                async with self._manager as stream:
                    self._entered.set_result(stream)
                    with self._scope:
                        await self._wanted.wait()
                        error = await self._read(stream)
                if self._scope.cancelled_caught:
                    error = None  # closed by the caller
        except Exception as raised:  # noqa: BLE001  # handed to the caller, whatever it is
            error, self._left_badly = raised, True
        finally:
            self._thread.discharge(self)
            if not self._entered.done():
                self._entered.set_exception(error or RuntimeError("not entered"))
            with self._changed:
                self._is_over, self._error = True, error
                self._changed.notify_all()

    async def _read(self, stream: ReplyStream | ConversationStream) -> BaseException | None:
        """Read to the end; returns what ended it, if that was an error."""
        try:
            async for event in stream:
                await self._put(event)
        except Exception as error:  # noqa: BLE001  # handed to the caller, whatever it is
            return error
        return None

    async def _put(self, event: Event) -> None:
        with self._changed:
            if self._drops:
                return
            self._waiting.append(event)
            self._n_bytes += _size_of(event)
            # The first sound is waited for: on a busy machine the loop would else go on working
            # while the caller, who has it already, waits for the interpreter.
            is_first_audio = isinstance(event, AudioDelta) and not self._has_sounded
            self._has_sounded = self._has_sounded or is_first_audio
            self._is_full = is_first_audio or self._n_bytes >= _WAITING_BYTES
            if self._is_full:
                self._room.clear()
            self._changed.notify()
        if self._is_full:
            await self._room.wait()
            self._is_full = False

    def _stop(self) -> None:
        self._scope.cancel()


def _size_of(event: Event) -> int:
    if isinstance(event, AudioDelta):
        return _EVENT_BYTES + len(event.data)
    if isinstance(event, TextDelta | TranscriptDelta):
        return _EVENT_BYTES + len(event.text)
    return _EVENT_BYTES
