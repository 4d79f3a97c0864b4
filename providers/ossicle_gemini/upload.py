"""A request's body on its way to the network.

Imports the HTTP library; import this module only where a request is about to be sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from ossicle_gemini.body import BodyPieces, JsonBody

if TYPE_CHECKING:
    from typing import Self

_PIECE_BYTES = 1 << 16


class Upload(httpx2.AsyncByteStream):
    """A body that knows whether all of it was handed to the network.

    A connection that fails before that surely executed nothing; afterwards nobody knows.

    It is its own iterator and no generator, so that a call that fails or is cancelled in the
    middle of it closes it there and then: nothing is left to the garbage collector.

    Args:
        body: What is sent.
    """

    def __init__(self, body: JsonBody) -> None:
        self._body = body
        self._source: BodyPieces | None = None
        self._piece = memoryview(b"")
        self.is_complete = False

    def __aiter__(self) -> Self:
        """Begin with the first byte, also when it was begun before."""
        self.close()
        self.is_complete = False
        self._source = aiter(self._body)
        return self

    async def __anext__(self) -> bytes:
        """The next bytes.

        asyncio takes a piece of any size into its buffer and tells of a lost connection only with
        the next one; so the fewer bytes a piece has, the more is known.
        """
        while not self._piece:
            if self._source is None:
                raise StopAsyncIteration
            try:
                self._piece = memoryview(await anext(self._source))
            except StopAsyncIteration:
                self.is_complete = True
                self.close()
                raise
        piece, self._piece = self._piece[:_PIECE_BYTES], self._piece[_PIECE_BYTES:]
        return bytes(piece)

    async def aclose(self) -> None:
        """Close; for those who close streams by waiting."""
        self.close()

    def close(self) -> None:
        """Give the body free, sent or not; closing twice is harmless."""
        source, self._source = self._source, None
        self._piece = memoryview(b"")
        if source is not None:
            source.close()
