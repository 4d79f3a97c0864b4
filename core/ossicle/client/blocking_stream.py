"""A stream of events read by a caller that blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from ossicle.client.loop import LoopThread
from ossicle.client.read_ahead import ReadAhead
from ossicle.conversation import ConversationStream
from ossicle.messages import Event, Reply
from ossicle.pipeline import ReplyStream


class BlockingReplyStream:
    """The answer while it comes; an iterator of events, like `ReplyStream`.

    From the first event on the answer is read ahead, up to 1 MiB: what is left early may have come
    to its end already, and then counts as answered.
    """

    def __init__(self, ahead: ReadAhead) -> None:
        self._ahead = ahead

    @property
    def reply(self) -> Reply:
        """The whole reply, once the last event was read."""
        return self._ahead.stream.reply

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events, once."""
        return self

    def __next__(self) -> Event:
        """The next event, audio in the wanted format."""
        event = self._ahead.next()
        if event is None:
            raise StopIteration
        return event

    def collect(self) -> Reply:
        """Read to the end and return the whole reply."""
        self._ahead.drain()
        return self.reply


@contextmanager
def entered(
    manager: AbstractAsyncContextManager[ReplyStream | ConversationStream], loop: LoopThread
) -> Iterator[BlockingReplyStream]:
    """A stream of the loop, entered; leaving it ends it before anything else goes on."""
    ahead = ReadAhead(manager, loop)
    try:
        yield BlockingReplyStream(ahead)
    finally:
        ahead.close()
