"""The one place that talks to the network: connections, answers, failures.

Imports the HTTP client; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import anyio
import httpx2

from ossicle.errors import DeadlineExceededError, OssicleError
from ossicle.rest.failures import Explain, Failures, Refusal
from ossicle.rest.outgoing import Outgoing
from ossicle.rest.settings import RestOptions
from ossicle.rest.waits import http_date_s

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ossicle.rest.body import Body, BodyReader

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


class Transport:
    """One client for one endpoint.

    There are no retries and no redirects: a paid request must not be repeated, or wander to
    another origin, behind the core's back.

    Args:
        base_url: Without a slash at the end.
        headers: Of every request, the key among them.
        options: Of the endpoint.
        failures: Builds the provider's errors.
    """

    def __init__(
        self, *, base_url: str, headers: Mapping[str, str], options: RestOptions, failures: Failures
    ) -> None:
        self._base_url, self._options, self._failures = base_url, options, failures
        self._client = httpx2.AsyncClient(
            follow_redirects=False, headers={**options.headers, **headers}
        )

    async def send(self, outgoing: Outgoing, explain: Explain) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Raises:
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or nobody knows.
        """
        upload = _Upload(outgoing.body)
        try:
            request = self._request(outgoing, upload)
            response = await self._client.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise self._error_of(error, is_uploaded=upload.is_complete) from error
        finally:
            upload.close()
        if not 200 <= response.status_code < 300:
            raise await _refusal(response, explain)
        return Answer(response, max_bytes=self._options.max_reply_bytes, failures=self._failures)

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._client.aclose()

    def _request(self, outgoing: Outgoing, upload: _Upload) -> httpx2.Request:
        return self._client.build_request(
            "POST",
            self._base_url + outgoing.path,
            content=upload,
            headers={
                "Accept": outgoing.accept,
                # Audio hardly shrinks, and a compressed answer could unfold without end.
                "Accept-Encoding": "identity",
                "Content-Type": outgoing.body.media_type,
                "Content-Length": str(outgoing.body.n_bytes),
            },
            timeout=self._timeout(outgoing.deadline),
        )

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

    def _error_of(self, error: Exception, *, is_uploaded: bool) -> OssicleError:
        name = type(error).__name__
        if isinstance(error, httpx2.ProxyError):
            return self._failures.unreachable(
                "the proxy refused the connection", fix="Check the proxy's settings."
            )
        if isinstance(error, (*_NOTHING_SENT, httpx2.InvalidURL)):
            return self._failures.unreachable(
                f"no connection to the endpoint ({name})", fix="Check base_url and the network."
            )
        if not is_uploaded:
            return self._failures.unreachable(
                f"the connection failed while the request was being sent ({name})",
                fix="Ask again; nothing was executed.",
            )
        return self._failures.ambiguous(f"the request was sent, and no answer came ({name})")


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
        self.headers = _headers(response)
        self.status = response.status_code
        self.content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.request_id = failures.request_id_of(self.headers)
        self.server_time_s = http_date_s(self.headers.get("date", ""))

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
                raise self._failures.invalid_reply("the body's compression is broken") from error
            except (httpx2.HTTPError, httpx2.StreamError) as error:
                self._is_open = False
                raise self._failures.ambiguous(
                    f"the answer broke off after {self._n_bytes} bytes ({type(error).__name__})",
                    status=self.status,
                    request_id=self.request_id,
                ) from error
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


class _Upload:
    """A request's body that knows whether all of it was handed to the network.

    A connection that fails before that surely executed nothing; afterwards nobody knows. It is its
    own iterator and no generator: one that a cancelled call leaves in the middle is closed by
    nobody, which trio rightly reports.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._reader: BodyReader | None = None
        self.is_complete = False

    def __aiter__(self) -> Self:
        self.close()
        self._reader = self._body.reader()
        return self

    async def __anext__(self) -> bytes:
        piece = await self._reader.next() if self._reader is not None else b""
        if not piece:
            self.is_complete = True
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


async def _refusal(response: httpx2.Response, explain: Explain) -> OssicleError:
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
    return explain(
        Refusal(
            status=response.status_code,
            headers=_headers(response),
            body=bytes(body[:_ERROR_BYTES]),
            now_s=time.time(),
        )
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


def _headers(response: httpx2.Response) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
