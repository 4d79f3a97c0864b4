"""Requests and answers at one endpoint, the same for every task."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ossicle.errors import AmbiguousOutcomeError, InvalidReplyError
from ossicle.messages import Event
from ossicle.rest import EndpointClient, Outgoing, json_body, json_of, off_loop, stripped
from ossicle_gemini.answer import AnswerReader
from ossicle_gemini.endpoint import Endpoint
from ossicle_gemini.error_body import envelope_of
from ossicle_gemini.errors import CallFacts, error_in_answer
from ossicle_gemini.options import FAILURES, PROVIDER
from ossicle_gemini.sse import EventParser

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer

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
        self._link = EndpointClient(
            base_url=endpoint.base_url,
            headers=endpoint.headers,
            options=endpoint.options,
            failures=FAILURES,
            extra=PROVIDER,
        )

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
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        outgoing = Outgoing(
            path=f"/models/{model.removeprefix('models/')}:{method}",
            accept=_EVENT_STREAM if stream else "application/json",
            body=json_body(payload),
            deadline=deadline,
        )
        return await self._link.send(outgoing, call.explain)

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
        await self._link.aclose()


async def read_whole(answer: Answer, reader: AnswerReader) -> list[Event]:
    """The events of an answer in one piece.

    Raises:
        AmbiguousOutcomeError: It broke off.
        InvalidReplyError: It is empty, a page for people, or no answer.
    """
    body = await answer.read()

    def work() -> list[Event]:
        return [*reader.feed(json_of(body, answer, FAILURES)), *reader.finish()]

    return await off_loop(len(body), work)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FAILURES.invalid_reply(
            f"an event of {len(text)} characters is no JSON"
        ) from stripped(error)


def _listed(reader: AnswerReader, body: object) -> list[Event]:
    return list(reader.feed(body))


async def _check_stream(answer: Answer, call: CallFacts) -> None:
    """Refuse an answer that says itself that it is no event stream."""
    kind = answer.content_type
    if kind in ("", _EVENT_STREAM, "application/octet-stream", "text/plain"):
        return
    if kind == "application/json":
        said = envelope_of(json_of(await answer.read(), answer, FAILURES))
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
            raise FAILURES.incomplete(what, request_id=answer.request_id) from error
    except InvalidReplyError:
        if not reader.is_complete:
            raise
    return b""
