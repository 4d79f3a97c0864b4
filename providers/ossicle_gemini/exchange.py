"""Requests and answers at one endpoint, the same for every task."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from anyio import to_thread

from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioLimitError,
    DependencyMissingError,
    InvalidReplyError,
)
from ossicle.messages import Event
from ossicle_gemini.answer import AnswerReader
from ossicle_gemini.body import JsonBody
from ossicle_gemini.endpoint import Endpoint
from ossicle_gemini.envelope import envelope_of
from ossicle_gemini.errors import CallFacts, error_in_answer, incomplete, invalid_reply
from ossicle_gemini.sse import EventParser

if TYPE_CHECKING:
    from ossicle_gemini.transport import Answer, Transport

_T = TypeVar("_T")

_OFF_LOOP_BYTES = 1 << 18
"""Bodies larger than this are parsed in a thread; smaller ones cost less than the switch."""

_GRACE_S = 5.0
"""How long the rest of a stream is waited for once the answer is complete."""

_EVENT_STREAM = "text/event-stream"

_DONE = "[DONE]"
"""No word of Google's; gateways that speak other dialects too are known to add it."""


class Exchange:
    """Sends requests to one endpoint and reads what comes back.

    Args:
        endpoint: Where to.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._transport: Transport | None = None
        self._lock = anyio.Lock()
        self._built: Transport | None = None
        self._building = threading.Lock()

    async def generate(
        self,
        model: str,
        payload: Mapping[str, Any],
        *,
        stream: bool,
        call: CallFacts,
        deadline: float | None,
    ) -> Answer:
        """Ask a model.

        Raises:
            AudioLimitError: All audio together is more than one request takes.
            OssicleError: There is no answer with status 2xx.
        """
        body = JsonBody(payload)
        allowed = self.endpoint.options.max_request_bytes
        if body.n_bytes > allowed:
            raise AudioLimitError(
                f"the request of {body.n_bytes} bytes is larger than the {allowed} allowed",
                limit="encoded_bytes",
                measured=body.n_bytes,
                allowed=allowed,
                fix="Send shorter audio, or a shorter history.",
            )
        transport = await self._ready()
        from ossicle_gemini.transport import Outgoing

        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        outgoing = Outgoing(
            path=f"/models/{model.removeprefix('models/')}:{method}",
            accept=_EVENT_STREAM if stream else "application/json",
            body=body,
            deadline=deadline,
        )
        return await transport.send(outgoing, call)

    async def relay(
        self, answer: Answer, reader: AnswerReader, call: CallFacts
    ) -> AsyncGenerator[Event, None]:
        """The events of a streamed answer, up to its end.

        Raises:
            InvalidReplyError: It is no event stream, or an event is not what it should be.
            StreamIncompleteError: It ended before the answer did.
            ProviderError: The vendor reports an error in the middle of it.
        """
        await _check_stream(answer, call)
        parser = EventParser(max_event_bytes=self.endpoint.options.max_event_bytes)
        while chunk := await _next_of_stream(answer, reader):
            for data in parser.feed(chunk):
                if data.strip() == _DONE:
                    continue
                body = await off_loop(len(data), partial(_parsed, data))
                for event in await off_loop(len(data), partial(_listed, reader, body)):
                    yield event
        for event in reader.finish():
            yield event

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        transport, self._transport = self._transport, None
        self._built = None
        if transport is not None:
            await transport.aclose()

    async def _ready(self) -> Transport:
        key = self.endpoint.key_to_send()
        async with self._lock:
            if self._transport is None:
                # Importing the client and building its TLS context take long: not on the loop. A
                # call that has no more time leaves the building to the one that comes next.
                self._transport = await to_thread.run_sync(
                    self._build_once, key, abandon_on_cancel=True
                )
        return self._transport

    def _build_once(self, key: str) -> Transport:
        with self._building:
            if self._built is None:
                self._built = self._build(key)
            return self._built

    def _build(self, key: str) -> Transport:
        try:
            from ossicle_gemini.transport import Transport
        except ImportError as error:
            raise DependencyMissingError(
                "the httpx2 package is not installed", package="httpx2", extra="gemini"
            ) from error
        endpoint = self.endpoint
        return Transport(key=key, base_url=endpoint.base_url, options=endpoint.options)


async def off_loop(n_bytes: int, work: Callable[[], _T]) -> _T:
    """Do work on this many bytes, in a thread if they are many; its result may be given up."""
    if n_bytes <= _OFF_LOOP_BYTES:
        return work()
    return await to_thread.run_sync(work, abandon_on_cancel=True)


async def read_whole(answer: Answer, reader: AnswerReader) -> list[Event]:
    """The events of an answer in one piece.

    Raises:
        AmbiguousOutcomeError: It broke off.
        InvalidReplyError: It is empty, a page for people, or no answer.
    """
    body = await answer.read()

    def work() -> list[Event]:
        return [*reader.feed(_json_of(body, answer)), *reader.finish()]

    return await off_loop(len(body), work)


def _json_of(body: bytes, answer: Answer) -> object:
    if not body.strip():
        raise invalid_reply("the reply is empty", request_id=answer.request_id)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = answer.content_type or "no type"
        raise invalid_reply(
            f"the reply of {len(body)} bytes, labelled {kind}, is no JSON",
            request_id=answer.request_id,
            fix="Check base_url; something other than the model's server may be answering.",
        ) from error


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid_reply(f"an event of {len(text)} characters is no JSON") from error


def _listed(reader: AnswerReader, body: object) -> list[Event]:
    return list(reader.feed(body))


async def _check_stream(answer: Answer, call: CallFacts) -> None:
    """Refuse an answer that says itself that it is no event stream."""
    kind = answer.content_type
    if kind in ("", _EVENT_STREAM, "application/octet-stream", "text/plain"):
        return
    if kind == "application/json":
        said = envelope_of(_json_of(await answer.read(), answer))
        if said is not None:
            raise error_in_answer(
                said, status=answer.status, request_id=answer.request_id, call=call, started=False
            )
    raise invalid_reply(
        f"{kind} came where an event stream was asked for",
        status=answer.status,
        request_id=answer.request_id,
        fix="Ask without streaming, or check base_url.",
    )


async def _next_of_stream(answer: Answer, reader: AnswerReader) -> bytes:
    """The next piece of a stream; empty where it ends, or breaks off after the answer's end."""
    try:
        if not reader.is_complete:
            return await answer.next()
        with anyio.move_on_after(_GRACE_S):
            return await answer.next()
    except AmbiguousOutcomeError as error:
        if not reader.is_complete:
            what = f"the stream broke off: {error.what}"
            raise incomplete(what, request_id=answer.request_id) from error
    except InvalidReplyError:
        if not reader.is_complete:
            raise
    return b""
