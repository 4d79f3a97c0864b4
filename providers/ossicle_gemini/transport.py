"""The one place that talks to the network: connections, answers, failures.

Imports the HTTP client; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import httpx2

from ossicle.errors import DeadlineExceededError, OssicleError
from ossicle_gemini.body import JsonBody
from ossicle_gemini.duration import http_date_s
from ossicle_gemini.errors import (
    CallFacts,
    ambiguous,
    error_of_reply,
    invalid_reply,
    request_id_of,
    unreachable,
)
from ossicle_gemini.options import EndpointOptions
from ossicle_gemini.upload import Upload

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_ERROR_BYTES = 1 << 16
_ERROR_S = 5.0
_CLOSE_S = 2.0

_NOTHING_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as the transport takes it.

    Attributes:
        path: Below the base URL, with its query.
        accept: Media type that is asked for.
        body: What is sent.
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
    """

    path: str
    accept: str
    body: JsonBody
    deadline: float | None = None


class Transport:
    """One client for one endpoint.

    There are no retries and no redirects: a paid request must not be repeated, or wander to
    another origin, behind the core's back.

    Args:
        key: Sent as `x-goog-api-key`, never in the URL.
        base_url: With the version's path.
        options: Of the endpoint.
    """

    def __init__(self, *, key: str, base_url: str, options: EndpointOptions) -> None:
        self._base_url, self._options = base_url, options
        self._client = httpx2.AsyncClient(
            follow_redirects=False, headers={**options.headers, "x-goog-api-key": key}
        )

    async def send(self, outgoing: Outgoing, call: CallFacts) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Raises:
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or nobody knows.
        """
        upload = Upload(outgoing.body)
        headers = {
            "Accept": outgoing.accept,
            # Audio hardly shrinks, and a compressed answer could unfold without end.
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "Content-Length": str(outgoing.body.n_bytes),
        }
        try:
            request = self._client.build_request(
                "POST",
                self._base_url + outgoing.path,
                content=upload,
                headers=headers,
                timeout=self._timeout(outgoing.deadline),
            )
            request.stream = upload  # the client wraps it in a generator
            response = await self._client.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise _transport_error(error, upload.is_complete) from error
        finally:
            upload.close()
        if not 200 <= response.status_code < 300:
            raise await _refusal(response, replace(call, now_s=time.time()))
        return Answer(response, max_bytes=self._options.max_reply_bytes)

    def _timeout(self, deadline: float | None) -> httpx2.Timeout:
        """Bounds for each step of a call; the whole is bounded by the core's cancellation."""
        left = None if deadline is None else deadline - anyio.current_time()
        if left is not None and left <= 0:
            raise DeadlineExceededError(
                "the time ran out before the request was sent", fix="Allow more time."
            )
        connect_s, read_s = self._options.connect_timeout_s, self._options.read_timeout_s
        if left is not None:
            connect_s, read_s = min(connect_s, left), min(read_s, left)
        return httpx2.Timeout(read_s, connect=connect_s, pool=connect_s)

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._client.aclose()


class Answer:
    """An answer with status 2xx, whose body is read piece by piece.

    A context manager; leaving it frees the connection, which is used again if the body was read to
    its end.

    Attributes:
        content_type: In lower case, without parameters.
        request_id: The vendor's id of the request.
        server_time_s: The vendor's clock, Unix seconds.
        status: HTTP status.
    """

    def __init__(self, response: httpx2.Response, *, max_bytes: int) -> None:
        self._response = response
        self._chunks = response.aiter_bytes()
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._is_open = True
        headers = _headers(response)
        self.status = response.status_code
        self.content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        self.request_id = request_id_of(headers)
        self.server_time_s = http_date_s(headers.get("date", ""))

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
                raise invalid_reply("the body's compression is broken") from error
            except (httpx2.HTTPError, httpx2.StreamError) as error:
                self._is_open = False
                raise ambiguous(
                    f"the answer broke off after {self._n_bytes} bytes ({type(error).__name__})",
                    status=self.status,
                    request_id=self.request_id,
                ) from error
            self._n_bytes += len(chunk)
            if self._n_bytes > self._max_bytes:
                raise invalid_reply(
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


async def _refusal(response: httpx2.Response, call: CallFacts) -> OssicleError:
    """The error for what is no answer, with no more of its body than an explanation takes."""
    body = bytearray()
    chunks = response.aiter_bytes()
    with anyio.move_on_after(_ERROR_S), contextlib.suppress(httpx2.HTTPError, httpx2.StreamError):
        async for chunk in chunks:
            body += chunk
            if len(body) > _ERROR_BYTES:
                break
    with anyio.move_on_after(_CLOSE_S, shield=True):
        await _abandon(response, chunks)
    return error_of_reply(
        response.status_code,
        headers=_headers(response),
        body=bytes(body[:_ERROR_BYTES]),
        call=call,
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


def _transport_error(error: Exception, is_uploaded: bool) -> OssicleError:
    name = type(error).__name__
    if isinstance(error, httpx2.ProxyError):
        return unreachable("the proxy refused the connection", fix="Check the proxy's settings.")
    if isinstance(error, (*_NOTHING_SENT, httpx2.InvalidURL)):
        return unreachable(
            f"no connection to the endpoint ({name})", fix="Check base_url and the network."
        )
    if not is_uploaded:
        return unreachable(
            f"the connection failed while the request was being sent ({name})",
            fix="Ask again; nothing was executed.",
        )
    return ambiguous(f"the request was sent, and no answer came ({name})")


def _headers(response: httpx2.Response) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
