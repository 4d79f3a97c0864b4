"""What comes back: answers that are read piece by piece, and refusals.

Imports the HTTP client; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio
import httpx2

from ossicle.errors import OssicleError
from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.failures import Failures, Refusal
from ossicle.rest.retry_after import http_date_s

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_ERROR_BYTES = 1 << 16
_ERROR_S = 5.0
_CLOSE_S = 2.0
_DRAIN_S = 0.1


class Answer:
    """An answer with status 2xx, whose body is read piece by piece.

    A context manager; leaving it frees the connection, which is used again if the body was read to
    its end.

    Attributes:
        content_type: In lower case, without parameters.
        headers: By lower-case name.
        request_id: The vendor's id of the request.
        server_time_s: The vendor's clock, Unix seconds.
        status: HTTP status.
    """

    def __init__(self, response: httpx2.Response, *, max_bytes: int, failures: Failures) -> None:
        self._response = response
        self._chunks = response.aiter_bytes()
        self._max_bytes = max_bytes
        self._failures = failures
        self._n_bytes = 0
        self._is_open = True
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.status = response.status_code
        self.content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.request_id = failures.request_id_of(self.headers)
        self.server_time_s = http_date_s(self.headers.get("date", ""))

    @property
    def n_bytes(self) -> int:
        """How much of the body was read."""
        return self._n_bytes

    async def next(self) -> bytes:
        """The next piece of the body; empty at its end.

        Raises:
            AmbiguousOutcomeError: The body broke off or fell silent.
            InvalidReplyError: It is too long, or its compression is broken.
        """
        while self._is_open:
            try:
                chunk = await anext(self._chunks)
            except StopAsyncIteration:
                self._is_open = False
                break
            except httpx2.DecodingError as error:
                self._is_open = False
                raise self._failures.invalid_reply(
                    "the body's compression is broken"
                ) from stripped(error)
            except (httpx2.HTTPError, httpx2.StreamError) as error:
                self._is_open = False
                raise self._failures.ambiguous(
                    f"the answer broke off after {self._n_bytes} bytes ({type(error).__name__})",
                    status=self.status,
                    request_id=self.request_id,
                ) from stripped(error)
            self._n_bytes += len(chunk)
            if self._n_bytes > self._max_bytes:
                raise self._failures.invalid_reply(
                    f"the reply is longer than {self._max_bytes} bytes",
                    request_id=self.request_id,
                    fix="Raise the endpoint's option max_reply_bytes if the server may do that.",
                )
            if chunk:
                return chunk
        return b""

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            AmbiguousOutcomeError: It broke off or fell silent.
            InvalidReplyError: It is too long, or its compression is broken.
        """
        found = []
        while chunk := await self.next():
            found.append(chunk)
        return b"".join(found)

    async def drain(self) -> None:
        """Read what little may follow the end mark, so that the connection can be used again."""
        with anyio.move_on_after(_DRAIN_S), contextlib.suppress(OssicleError):
            while await self.next():
                pass

    async def aclose(self) -> None:
        """Free the connection; closing twice is harmless."""
        with anyio.move_on_after(_CLOSE_S, shield=True):
            await _abandon(self._response, self._chunks)

    async def __aenter__(self) -> Self:
        """Return the answer itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()


async def read_refusal(response: httpx2.Response) -> Refusal:
    """What is no answer, with no more of its body than an explanation takes; closes it."""
    body = bytearray()
    chunks = response.aiter_bytes()
    with anyio.move_on_after(_ERROR_S), contextlib.suppress(httpx2.HTTPError, httpx2.StreamError):
        async for chunk in chunks:
            body += chunk
            if len(body) > _ERROR_BYTES:
                break
    with anyio.move_on_after(_CLOSE_S, shield=True):
        await _abandon(response, chunks)
    return Refusal(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(body[:_ERROR_BYTES]),
        now_s=time.time(),
    )


async def _abandon(response: httpx2.Response, chunks: AsyncIterator[bytes]) -> None:
    """Close an answer, read to its end or not.

    The body's iterators are nested generators, and closing the outer one leaves the inner ones to
    the garbage collector, which trio rightly reports. On a closed connection the iteration ends
    through all of them instead: with an error, as soon as what was already received is used up.
    """
    await response.aclose()
    with contextlib.suppress(httpx2.HTTPError, httpx2.StreamError):
        async for _ in chunks:
            pass
