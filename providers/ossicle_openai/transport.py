"""The one place that talks to the network: the vendor's client, its answers, its failures.

Imports the SDK; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import anyio
import httpx2
import openai

from ossicle.errors import DeadlineExceededError, OssicleError
from ossicle_openai.body import JsonBody
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
from ossicle_openai.upload import Upload

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_UPLOAD: ContextVar[Upload | None] = ContextVar("ossicle_openai_upload", default=None)
"""The body of the request that this task sends, for the hook that the client calls."""

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
        body: A JSON body.
        form: Fields of a multipart form, instead of `body`.
        file: Name, open file and media type of the form's file.
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
        headers: Further headers of this request, checked.
    """

    path: str
    accept: str
    body: JsonBody | None = None
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
            event_hooks={"request": [_carry_upload], "response": [_refuse]},
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
        upload = Upload(outgoing.body)
        mark = _UPLOAD.set(upload)
        try:
            response = await self._post(outgoing, call.model)
        except _RefusedError as refused:
            # From None: what was caught holds nothing that the error does not say.
            raise error_of_reply(
                refused.status,
                headers=refused.headers,
                body=refused.body,
                call=replace(call, now_s=time.time()),
            ) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, OssicleError):
                raise error.__cause__ from None  # the audio's file is gone, say
            raise _transport_error(error.__cause__, upload.is_complete) from error
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise _transport_error(error, is_uploaded=True) from error
        except openai.OpenAIError as error:
            raise invalid_reply(f"the client gave up: {type(error).__name__}") from error
        finally:
            _UPLOAD.reset(mark)
            upload.close()
        return Answer(response, max_bytes=self._options.max_reply_bytes)

    async def _post(self, outgoing: Outgoing, model: str) -> httpx2.Response:
        path = outgoing.path
        if self._by_deployment:
            path = f"/deployments/{quote(model, safe='')}{path}"
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
        return response

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


async def _carry_upload(request: httpx2.Request) -> None:
    """Put our own body in the place of the client's, which leaves generators behind."""
    upload = _UPLOAD.get()
    if upload is not None:
        upload.carry(request)


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
    if outgoing.body is None:
        return headers | {"Content-Type": "multipart/form-data"}
    return headers | {
        "Content-Type": "application/json",
        "Content-Length": str(outgoing.body.n_bytes),
    }


def _body(outgoing: Outgoing) -> dict[str, Any]:
    if outgoing.body is not None:
        return {"content": outgoing.body}
    return {"body": dict(outgoing.form or {}), "files": {"file": outgoing.file}}
