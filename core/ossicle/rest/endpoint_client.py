"""The way to one endpoint: built when first used, checked before anything is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
from anyio import to_thread

from ossicle.errors import AudioLimitError, DependencyMissingError
from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.failures import Explain, Failures
from ossicle.rest.outgoing import Outgoing
from ossicle.rest.settings import RestOptions

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer
    from ossicle.rest.transport import Transport

_T = TypeVar("_T")

_OFF_LOOP_BYTES = 1 << 18
"""Bodies larger than this are parsed in a thread; smaller ones cost less than the switch."""


class BuiltOnce(Generic[_T]):
    """Holds what takes long to build, such as a vendor's client: built in a thread, once.

    A call that has no more time leaves the building to the one that comes next.
    """

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._building = threading.Lock()
        self._built: _T | None = None

    async def get(self, build: Callable[[], _T]) -> _T:
        """What was built, or what this builds.

        Args:
            build: Called in a thread, where nothing was built yet.
        """
        async with self._lock:
            built = self._built
            if built is None:
                # Importing a client and building its TLS context take long: not on the loop.
                built = await to_thread.run_sync(self._build, build, abandon_on_cancel=True)
        return built

    def take(self) -> _T | None:
        """Give it up, as far as there is one."""
        built, self._built = self._built, None
        return built

    def _build(self, build: Callable[[], _T]) -> _T:
        with self._building:
            if self._built is None:
                self._built = build()
            return self._built


class EndpointClient:
    """Sends requests to one endpoint.

    Nothing is imported or connected before the first request.

    Args:
        base_url: Without a slash at the end.
        headers: Called before the first request: headers of every request, the key among them;
            raises `MissingKeyError` where there is none.
        options: Of the endpoint.
        failures: Builds the provider's errors.
        extra: The extra of ossicle that brings the HTTP client.
    """

    def __init__(
        self,
        *,
        base_url: str,
        headers: Callable[[], Mapping[str, str]],
        options: RestOptions,
        failures: Failures,
        extra: str,
    ) -> None:
        self._base_url, self._headers, self._options = base_url, headers, options
        self._failures, self._extra = failures, extra
        self._transport: BuiltOnce[Transport] = BuiltOnce()

    async def send(self, outgoing: Outgoing, explain: Explain) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Raises:
            AudioLimitError: The body is more than one request takes.
            MissingKeyError: There is no key.
            DependencyMissingError: The HTTP client is not installed.
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or nobody knows.
        """
        allowed, measured = self._options.max_request_bytes, outgoing.body.n_bytes
        if measured > allowed:
            raise AudioLimitError(
                f"the request of {measured} bytes is larger than the {allowed} allowed",
                limit="encoded_bytes",
                measured=measured,
                allowed=allowed,
                fix="Send shorter audio, or a shorter history.",
            )
        headers = self._headers()
        transport = await self._transport.get(lambda: self._build(headers))
        return await transport.send(outgoing, explain)

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        transport = self._transport.take()
        if transport is not None:
            await transport.aclose()

    def _build(self, headers: Mapping[str, str]) -> Transport:
        try:
            from ossicle.rest.transport import Transport
        except ImportError as error:
            raise DependencyMissingError(
                "the httpx2 package is not installed", package="httpx2", extra=self._extra
            ) from error
        return Transport(
            base_url=self._base_url, headers=headers, options=self._options,
            failures=self._failures,
        )  # fmt: skip


async def off_loop(n_bytes: int, work: Callable[[], _T]) -> _T:
    """Do work on this many bytes, in a thread if they are many; its result may be given up."""
    if n_bytes <= _OFF_LOOP_BYTES:
        return work()
    return await to_thread.run_sync(work, abandon_on_cancel=True)


def json_of(body: bytes, answer: Answer, failures: Failures) -> object:
    """The JSON data of an answer's whole body.

    Raises:
        InvalidReplyError: It is empty, a page for people, or no JSON.
    """
    if not body.strip():
        raise failures.invalid_reply("the reply is empty", request_id=answer.request_id)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = answer.content_type or "no type"
        raise failures.invalid_reply(
            f"the reply of {len(body)} bytes, labelled {kind}, is no JSON",
            request_id=answer.request_id,
            fix="Check base_url; something other than the model's server may be answering.",
        ) from stripped(error)
