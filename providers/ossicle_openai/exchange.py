"""Requests and answers at one endpoint, the same for every task."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from ossicle.errors import (
    AmbiguousOutcomeError,
    DependencyMissingError,
    InvalidReplyError,
)
from ossicle.messages import Event, ReplyStarted, Request
from ossicle.rest import BuiltOnce, Outgoing, json_body, json_of, off_loop, stripped
from ossicle_openai.catalogue import successor_of
from ossicle_openai.endpoint import Endpoint
from ossicle_openai.error_body import error_in
from ossicle_openai.errors import CallFacts, error_in_answer
from ossicle_openai.options import FAILURES
from ossicle_openai.outgoing import OutgoingForm
from ossicle_openai.sse import DONE, EventParser

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer
    from ossicle_openai.transport import Transport

_GRACE_S = 5.0
"""How long the rest of a stream is waited for once the answer is complete."""

EVENT_STREAM = "text/event-stream"


class StreamReader(Protocol):
    """What knows one kind of stream: chat, speech or transcription."""

    @property
    def is_complete(self) -> bool:
        """Whether the end mark has come."""
        ...

    def feed(self, event: object) -> Iterator[Event]:
        """The events of one event of the wire."""
        ...

    def done(self) -> None:
        """Take `[DONE]`."""

    def finish(self) -> Iterator[Event]:
        """What the end of the body brings."""
        ...


class Exchange:
    """Sends requests to one endpoint and reads what comes back.

    Args:
        endpoint: Where to.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._transport: BuiltOnce[Transport] = BuiltOnce()

    def call_facts(self, request: Request, *, origins: tuple[int | None, ...] = ()) -> CallFacts:
        """What errors need to know of a call."""
        return CallFacts(
            model=request.model,
            successor=successor_of(request.model),
            endpoint=self.endpoint.profile.name,
            key=self.endpoint.key,
            said=request.texts,
            origins=origins,
            failed_requests_are_billed=self.endpoint.profile.failed_requests_are_billed,
        )

    async def post_json(
        self,
        path: str,
        payload: Mapping[str, Any],
        *,
        accept: str,
        call: CallFacts,
        deadline: float | None,
        headers: Mapping[str, str],
    ) -> Answer:
        """Send a JSON body.

        Raises:
            OssicleError: There is no answer with status 2xx.
        """
        transport = await self._ready()
        outgoing = Outgoing(
            path=path,
            accept=accept,
            body=json_body(payload),
            deadline=deadline,
            headers=headers,
        )
        return await transport.send(outgoing, call)

    async def post_form(
        self,
        path: str,
        fields: Mapping[str, Any],
        *,
        file: tuple[str, Any, str],
        accept: str,
        call: CallFacts,
        deadline: float | None,
        headers: Mapping[str, str],
    ) -> Answer:
        """Send a multipart form with one file, given as name, open file and media type.

        Raises:
            OssicleError: There is no answer with status 2xx.
        """
        transport = await self._ready()
        outgoing = OutgoingForm(
            path=path, accept=accept, form=fields, file=file, deadline=deadline, headers=headers
        )
        return await transport.send(outgoing, call)

    async def relay(
        self, answer: Answer, reader: StreamReader, call: CallFacts
    ) -> AsyncGenerator[Event, None]:
        """The events of a streamed answer, up to its end.

        Raises:
            InvalidReplyError: It is no event stream, or an event is not what it should be.
            StreamIncompleteError: It ended without its end mark.
            ProviderError: The vendor reports an error in the middle of it.
        """
        await _check_stream(answer, call)
        parser = EventParser(max_event_bytes=self.endpoint.options.max_event_bytes)
        is_done = False
        while not is_done and (chunk := await _next_of_stream(answer, reader)):
            for data in parser.feed(chunk):
                if data.strip() == DONE:
                    is_done = True
                    break
                for event in reader.feed(await off_loop(len(data), partial(_parsed, data))):
                    yield event
        if is_done:
            await answer.drain()
        if is_done or parser.end() == DONE:
            reader.done()
        for event in reader.finish():
            yield event

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        transport = self._transport.take()
        if transport is not None:
            await transport.aclose()

    async def _ready(self) -> Transport:
        key = self.endpoint.key_to_send()
        return await self._transport.get(lambda: self._build(key))

    def _build(self, key: str) -> Transport:
        try:
            from ossicle_openai.transport import Transport
        except ImportError as error:
            raise DependencyMissingError(
                "the openai package is not installed", package="openai", extra="openai"
            ) from error
        endpoint = self.endpoint
        return Transport(
            key=key,
            base_url=endpoint.base_url,
            profile=endpoint.profile,
            options=endpoint.options,
        )


def started(answer: Answer) -> ReplyStarted:
    """The event for an answer whose headers are there."""
    return ReplyStarted(request_id=answer.request_id, server_time_s=answer.server_time_s)


async def read_json(answer: Answer) -> object:
    """The body as JSON data.

    Raises:
        AmbiguousOutcomeError: It broke off.
        InvalidReplyError: It is empty, a page for people, or no JSON.
    """
    body = await answer.read()
    return await off_loop(len(body), lambda: json_of(body, answer, FAILURES))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FAILURES.invalid_reply(
            f"an event of {len(text)} characters is no JSON"
        ) from stripped(error)


async def _check_stream(answer: Answer, call: CallFacts) -> None:
    """Refuse an answer that says itself that it is no event stream."""
    kind = answer.content_type
    if kind in ("", EVENT_STREAM, "application/octet-stream", "text/plain"):
        return
    if kind in ("application/json", "application/problem+json"):
        said = error_in(await read_json(answer))
        if said is not None:
            raise error_in_answer(
                said, status=answer.status, request_id=answer.request_id, call=call, started=False
            )
    raise FAILURES.invalid_reply(
        f"{kind} came where an event stream was asked for",
        status=answer.status,
        request_id=answer.request_id,
        fix="Ask without streaming, or check base_url.",
    )


async def _next_of_stream(answer: Answer, reader: StreamReader) -> bytes:
    """The next piece of a stream; empty where it ends, or breaks off after its end mark."""
    try:
        if not reader.is_complete:
            return await answer.next()
        with anyio.move_on_after(_GRACE_S):
            return await answer.next()
    except AmbiguousOutcomeError as error:
        if not reader.is_complete:
            what = f"the stream broke off: {error.what}"
            raise FAILURES.incomplete(what, request_id=answer.request_id) from error
    except InvalidReplyError:
        if not reader.is_complete:
            raise
    return b""
