"""A stream of events read by a caller that blocks."""

from __future__ import annotations

from collections.abc import Iterator

from ossicle.client.loop import LoopThread
from ossicle.conversation import ConversationStream
from ossicle.messages import Event, Reply
from ossicle.pipeline import ReplyStream


class BlockingReplyStream:
    """The answer while it comes; an iterator of events, like `ReplyStream`."""

    def __init__(self, stream: ReplyStream | ConversationStream, loop: LoopThread) -> None:
        self._stream, self._loop = stream, loop

    @property
    def reply(self) -> Reply:
        """The whole reply, once the last event was read."""
        return self._stream.reply

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events, once."""
        return self

    def __next__(self) -> Event:
        """The next event, audio in the wanted format."""
        event = self._loop.run(self._next)
        if event is None:
            raise StopIteration
        return event

    async def _next(self) -> Event | None:
        return await anext(self._stream, None)

    def collect(self) -> Reply:
        """Read to the end and return the whole reply."""
        return self._loop.run(self._stream.collect)
