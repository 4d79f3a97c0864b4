"""A request's body on its way to the network.

Imports the HTTP client; import this module only where a request is about to be sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import httpx2

if TYPE_CHECKING:
    from typing import Self

    from ossicle.rest.body import BodyReader


class Readable(Protocol):
    """What can be sent: a `Body`, or something like it."""

    def reader(self) -> BodyReader:
        """What reads it once, from the start."""
        ...


class Upload(httpx2.AsyncByteStream):
    """A body that knows whether all of it was handed to the network.

    A connection that fails before that surely executed nothing; afterwards it is unknown.

    It is its own iterator and no generator, so that a call that fails or is cancelled in the
    middle of it closes it there and then: nothing is left to the garbage collector.

    Args:
        body: What is sent.

    Attributes:
        is_complete: Whether the network took all of it.
    """

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._reader: BodyReader | None = None
        self.is_complete = False

    def carry(self, request: httpx2.Request) -> None:
        """Become the body of a request; what the client makes of one leaves generators behind."""
        request.stream = self

    def __aiter__(self) -> Self:
        """Begin with the first byte, also when it was begun before."""
        self.close()
        self.is_complete = False
        self._reader = self._body.reader()
        return self

    async def __anext__(self) -> bytes:
        """The next bytes; never none."""
        if self._reader is None:
            raise StopAsyncIteration
        piece = await self._reader.next()
        if not piece:
            self.is_complete = True
            self.close()
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Close; for those who close streams by waiting."""
        self.close()

    def close(self) -> None:
        """Give the body free, sent or not; closing twice is harmless."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
