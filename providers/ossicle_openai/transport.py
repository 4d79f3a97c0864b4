"""The one place that talks to the network: the vendor's client, its answers, its failures.

Imports the SDK; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import anyio
import httpx2
import openai

from ossicle.errors import DeadlineExceededError, OssicleError
from ossicle_openai.errors import (
    CallFacts,
    ambiguous,
    error_of_reply,
    invalid_reply,
    request_id_of,
    unreachable,
)
from ossicle_openai.options import EndpointOptions
from ossicle_openai.profiles import EndpointProfile
from ossicle_openai.retry_after import http_date_s

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_UPLOAD = "ossicle.upload"
_PIECE_BYTES = 1 << 16
_ERROR_BYTES = 1 << 16
_ERROR_S = 5.0
_CLOSE_S = 2.0
_DRAIN_S = 0.1

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
        path: Below the base URL.
        accept: Media type that is asked for.
        content: A JSON body in pieces.
        n_bytes: Size of `content`.
        form: Fields of a multipart form, instead of `content`.
        file: Name, open file and media type of the form's file.
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
        headers: Further headers of this request, checked.
    """

    path: str
    accept: str
    content: AsyncIterable[bytes] | None = None
    n_bytes: int = 0
    form: Mapping[str, Any] | None = None
    file: tuple[str, BinaryIO, str] | None = None
    deadline: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport:
    """One client for one endpoint, with the SDK's authentication, URLs and headers.

    The SDK's retries are off, and so are redirects: a paid request must not be repeated, or wander
    to another origin, behind the core's back.

    Args:
        key: Sent the way the vendor wants it.
        base_url: With the version's path.
        profile: What the server does its own way.
        options: Of the endpoint.
    """

    def __init__(
        self, *, key: str, base_url: str, profile: EndpointProfile, options: EndpointOptions
    ) -> None:
        self._options = options
        http = openai.DefaultAsyncHttpxClient(
            follow_redirects=False,
            event_hooks={"request": [_note_upload], "response": [_refuse]},
        )
        shared: dict[str, Any] = {
            "api_key": key,
            "max_retries": 0,
            "http_client": http,
            "default_headers": options.headers,
            "organization": options.organization,
            "project": options.project,
        }
        self._client: openai.AsyncOpenAI
        self._by_deployment = profile.name == "azure" and options.api_version is not None
        if self._by_deployment:
            self._client = openai.AsyncAzureOpenAI(
                azure_endpoint=base_url, api_version=options.api_version, **shared
            )
        else:
            self._client = openai.AsyncOpenAI(base_url=base_url, **shared)
        if not profile.is_openai:
            # The SDK takes these from the environment; they are nobody else's business.
            self._client.organization = options.organization
            self._client.project = options.project

    async def send(self, outgoing: Outgoing, call: CallFacts) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Raises:
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or nobody knows.
        """
        path = outgoing.path
        if self._by_deployment:
            path = f"/deployments/{quote(call.model, safe='')}{path}"
        try:
            response: httpx2.Response = await self._client.post(
                path,
                cast_to=httpx2.Response,
                stream=True,
                options={
                    "headers": _headers(outgoing),
                    "timeout": self._timeout(outgoing.deadline),
                },
                **_body(outgoing),
            )
        except _RefusedError as refused:
            # From None: what was caught holds nothing that the error does not say.
            raise error_of_reply(
                refused.status,
                headers=refused.headers,
                body=refused.body,
                call=replace(call, now_s=time.time()),
            ) from None
        except openai.APIConnectionError as error:
            raise _transport_error(error.__cause__, _uploaded(error.request)) from error
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise _transport_error(error, is_uploaded=True) from error
        except openai.OpenAIError as error:
            raise invalid_reply(f"the client gave up: {type(error).__name__}") from error
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
        await self._client.close()


class Answer:
    """An answer with status 2xx, whose body is read piece by piece.

    A context manager; leaving it frees the connection, which is used again if the body was read to
    its end.

    Attributes:
        headers: By lower-case name.
        content_type: In lower case, with parameters.
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
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.content_type = self.headers.get("content-type", "").strip().lower()
        self.request_id = request_id_of(self.headers)
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


class _RefusedError(Exception):
    """A reply with a status other than 2xx, on its way out of the SDK."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status, self.headers, self.body = status, headers, body


class _Upload(httpx2.AsyncByteStream):
    """A request's body that knows whether all of it was handed to the network.

    A connection that fails before that surely executed nothing; afterwards nobody knows.
    """

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream
        self.is_complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            # asyncio takes a piece of any size into its buffer and tells of a lost connection only
            # with the next one; so the fewer bytes a piece has, the more is known.
            for start in range(0, len(piece), _PIECE_BYTES):
                yield piece[start : start + _PIECE_BYTES]
        self.is_complete = True


async def _note_upload(request: httpx2.Request) -> None:
    if isinstance(request.stream, httpx2.AsyncByteStream):
        request.stream = request.extensions[_UPLOAD] = _Upload(request.stream)


def _uploaded(request: httpx2.Request) -> bool:
    upload = request.extensions.get(_UPLOAD)
    return isinstance(upload, _Upload) and upload.is_complete


async def _refuse(response: httpx2.Response) -> None:
    """Turn away what is no answer, with no more of its body than an explanation takes."""
    if 200 <= response.status_code < 300:
        return
    body = bytearray()
    chunks = response.aiter_bytes()
    with anyio.move_on_after(_ERROR_S), contextlib.suppress(httpx2.HTTPError, httpx2.StreamError):
        async for chunk in chunks:
            body += chunk
            if len(body) > _ERROR_BYTES:
                break
    with anyio.move_on_after(_CLOSE_S, shield=True):
        await _abandon(response, chunks)
    headers = {name.lower(): value for name, value in response.headers.items()}
    raise _RefusedError(response.status_code, headers, bytes(body[:_ERROR_BYTES]))


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


def _transport_error(error: BaseException | None, is_uploaded: bool) -> OssicleError:
    name = type(error).__name__
    if isinstance(error, httpx2.ProxyError):
        return unreachable("the proxy refused the connection", fix="Check the proxy's settings.")
    if isinstance(error, _NOTHING_SENT):
        return unreachable(
            f"no connection to the endpoint ({name})", fix="Check base_url and the network."
        )
    if not is_uploaded:
        return unreachable(
            f"the connection failed while the request was being sent ({name})",
            fix="Ask again; nothing was executed.",
        )
    return ambiguous(f"the request was sent, and no answer came ({name})")


def _headers(outgoing: Outgoing) -> dict[str, str]:
    # Audio hardly shrinks, and a compressed answer could unfold without end.
    headers = {**outgoing.headers, "Accept": outgoing.accept, "Accept-Encoding": "identity"}
    if outgoing.form is not None:
        return headers | {"Content-Type": "multipart/form-data"}
    return headers | {
        "Content-Type": "application/json",
        "Content-Length": str(outgoing.n_bytes),
    }


def _body(outgoing: Outgoing) -> dict[str, Any]:
    if outgoing.form is None:
        return {"content": outgoing.content}
    return {"body": dict(outgoing.form), "files": {"file": outgoing.file}}
