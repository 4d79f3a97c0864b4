"""Reading ahead on a loop of its own: all events in order, bounded, and nothing left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle import Client
from ossicle.audio import AudioFormat
from ossicle.client.loop import LoopThread
from ossicle.client.read_ahead import ReadAhead
from ossicle.errors import ConfigurationError, StreamIncompleteError
from ossicle.messages import AudioDelta, Event, TextDelta

PCM = AudioFormat.named("pcm16", sample_rate=24_000, channels=1)
BROKEN = StreamIncompleteError("broke off", provider="echo")


class Source:
    """Events, and what became of their stream.

    Attributes:
        made: How many events were asked for.
        is_left: Whether the stream was left.
        task: That entered it.
    """

    def __init__(self, events: list[Event], *, error: Exception | None = None) -> None:
        self._events, self._error = events, error
        self.made, self.is_left = 0, False
        self.stalled = threading.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        task = asyncio.current_task()
        try:
            yield self._all()
        finally:
            await asyncio.sleep(0)
            assert asyncio.current_task() is task
            self.is_left = True

    async def _all(self) -> AsyncIterator[Event]:
        for event in self._events:
            self.made += 1
            yield event
        if self._error is not None:
            raise self._error


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    made = LoopThread()
    yield made
    made.close()


def texts(count: int) -> list[Event]:
    return [TextDelta(text=str(number)) for number in range(count)]


def read(source: Source, loop: LoopThread, count: int | None = None) -> list[Event]:
    ahead = ReadAhead(cast(Any, source.open()), loop)
    try:
        found: list[Event] = []
        while len(found) != count and (event := ahead.next()) is not None:
            found.append(event)
        return found
    finally:
        ahead.close()
        ahead.close()


@settings(max_examples=tried(30), deadline=None)
@given(n_events=st.integers(0, 40), count=st.integers(0, 41))
def test_events_come_in_order_and_the_stream_is_left_before_anything_else(
    n_events: int, count: int, loop: LoopThread
) -> None:
    source = Source(texts(n_events))
    assert read(source, loop, count) == texts(n_events)[:count]
    assert source.is_left


@pytest.mark.parametrize("count", [0, 1, 5])
def test_an_error_comes_after_the_events_before_it_and_once(count: int, loop: LoopThread) -> None:
    source = Source(texts(count), error=BROKEN)
    ahead = ReadAhead(cast(Any, source.open()), loop)
    assert [ahead.next() for _ in range(count)] == texts(count)
    with pytest.raises(StreamIncompleteError):
        ahead.next()
    assert ahead.next() is None
    ahead.close()
    assert source.is_left


def test_who_leaves_before_an_error_does_not_get_it(loop: LoopThread) -> None:
    source = Source(texts(3), error=BROKEN)
    assert read(source, loop, 1) == texts(1)
    assert source.is_left


def test_nothing_is_read_before_it_is_asked_for(loop: LoopThread) -> None:
    source = Source(texts(3))
    assert read(source, loop, 0) == []
    assert source.made == 0


def test_a_slow_caller_holds_the_stream_back_and_loses_nothing(loop: LoopThread) -> None:
    events: list[Event] = [AudioDelta(data=bytes(100_000), format=PCM) for _ in range(100)]
    source = Source(events)
    ahead = ReadAhead(cast(Any, source.open()), loop)

    async def idle() -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    for number in range(100):
        assert ahead.next() is events[number]
        loop.run(idle)  # the loop has read as far as it may
        assert (source.made - number - 1) * 100_000 <= 1_200_000
    assert ahead.next() is None
    ahead.close()
    assert source.made == 100


@pytest.mark.parametrize("begins", [False, True])
def test_draining_reads_all_without_keeping_it(begins: bool, loop: LoopThread) -> None:
    source = Source([AudioDelta(data=bytes(100_000), format=PCM) for _ in range(100)])
    ahead = ReadAhead(cast(Any, source.open()), loop)
    if begins:
        ahead.next()
    ahead.drain()
    assert source.made == 100
    assert ahead.next() is None
    ahead.close()


def test_what_entering_and_leaving_raise_reaches_the_caller(loop: LoopThread) -> None:
    @asynccontextmanager
    async def broken(*, early: bool) -> AsyncIterator[Any]:
        if early:
            raise BROKEN
        yield Source([])._all()
        raise BROKEN

    with pytest.raises(StreamIncompleteError):
        ReadAhead(broken(early=True), loop)
    ahead = ReadAhead(broken(early=False), loop)
    with pytest.raises(StreamIncompleteError):
        ahead.close()
    ahead.close()


def test_an_interrupt_while_waiting_ends_the_stream(loop: LoopThread) -> None:
    class Endless(Source):
        async def _all(self) -> AsyncIterator[Event]:
            self.stalled.set()
            await asyncio.Event().wait()
            yield TextDelta(text="never")

    source = Endless([])
    ahead = ReadAhead(cast(Any, source.open()), loop)
    reader = threading.Thread(target=ahead.next)
    reader.start()
    source.stalled.wait()
    ahead.close()
    reader.join()
    assert source.is_left


def test_a_stream_after_the_client_was_closed_is_refused() -> None:
    client = Client("echo")
    client.close()
    with pytest.raises(ConfigurationError), client.stream("hi"):
        pass
