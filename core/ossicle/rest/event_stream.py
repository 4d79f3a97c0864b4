"""Answers read to their end: a stream of events, JSON, or audio; the same for every vendor."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

import anyio

from ossicle.audio import AudioFormat
from ossicle.errors import AmbiguousOutcomeError, AudioMissingError, InvalidReplyError
from ossicle.messages import AudioDelta, Event
from ossicle.rest.error_ladder import CallErrors
from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.json_values import parse_json
from ossicle.rest.off_loop import off_loop
from ossicle.rest.response_audio import AudioReader
from ossicle.rest.sse import DONE, EventParser

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer

_T = TypeVar("_T")

EVENT_STREAM = "text/event-stream"
"""Media type of server-sent events."""
JSON = "application/json"
"""Media type of a JSON document."""
_JSON_KINDS = (JSON, "application/problem+json")

_GRACE_S = 5.0
"""How long the rest of a stream is waited for once the answer is complete."""


class StreamReader(Protocol):
    """What knows one kind of stream: turns its events into those of ossicle. Pure.

    Example:
        class Words:
            is_complete = False

            def feed(self, data):
                yield TextDelta(text=data["word"])

            def done(self):
                self.is_complete = True

            def finish(self):
                yield Finished()
    """

    @property
    def is_complete(self) -> bool:
        """Whether the end of the answer has come."""
        ...

    def feed(self, data: object, /) -> Iterator[Event]:
        """The events of the JSON data of one event.

        Raises:
            OssicleError: It is none that the vendor promises, or the vendor's error.
        """
        ...

    def done(self) -> None:
        """Take `[DONE]`."""

    def finish(self) -> Iterator[Event]:
        """What the end of the body brings.

        Raises:
            StreamIncompleteError: It ended before the answer did.
        """
        ...


async def stream_events(
    answer: Answer, reader: StreamReader, errors: CallErrors, *, max_event_bytes: int = 64 << 20
) -> AsyncGenerator[Event, None]:
    """The events of an answer of server-sent events, up to its end.

    Args:
        answer: The open answer.
        reader: What knows the vendor's events.
        errors: Translates the vendor's errors.
        max_event_bytes: Longest event.

    Raises:
        InvalidReplyError: It is no event stream, or an event is not what it should be.
        StreamIncompleteError: It ended without its end mark.
        ProviderError: The vendor reports an error in the middle of it.

    Example:
        async with answer:
            async with aclosing(stream_events(answer, reader, errors)) as events:
                async for event in events:
                    yield event
    """
    await _check_stream(answer, errors)
    parser = EventParser(max_event_bytes=max_event_bytes, failures=errors.failures)
    is_done = False
    while not is_done and (chunk := await _next_of_stream(answer, reader, errors)):
        for text in parser.feed(chunk):
            if text.strip() == DONE:
                is_done = True
                break
            data = await off_loop(len(text), lambda text=text: _parsed(text, errors))  # type: ignore[misc]  # bound now
            for event in reader.feed(data):
                yield event
    if is_done:
        await answer.drain()
    if is_done or parser.end() == DONE:
        reader.done()
    for event in reader.finish():
        yield event


async def json_events(
    answer: Answer, errors: CallErrors, work: Callable[[object], Iterable[_T]]
) -> list[_T]:
    """What `work` makes of a whole answer in JSON; a large one is worked on in a thread.

    Args:
        answer: The open answer.
        errors: Translates the vendor's errors; one in place of the answer is raised.
        work: Called with the JSON data. Pure.

    Raises:
        AmbiguousOutcomeError: The body broke off.
        InvalidReplyError: It is empty, a page for people, or no JSON.
        ProviderError: It is the vendor's error.

    Example:
        for event in await json_events(answer, errors, transcription_events):
            yield event
    """
    body = await answer.read()

    def read() -> list[_T]:
        with keeping_body(body, errors):
            data = json_of(body, answer, errors)
            errors.check(data, request_id=answer.request_id)
            return list(work(data))

    return await off_loop(len(body), read)


@contextlib.contextmanager
def keeping_body(body: bytes, errors: CallErrors) -> Iterator[None]:
    """Keep what came and was paid for in the error that says that it is of no use.

    Args:
        body: The whole answer.
        errors: Of the call, for the key, which is taken out.

    Raises:
        InvalidReplyError: As raised inside, with the body as `partial`.

    Example:
        with keeping_body(body, errors):
            events = list(read_captions(body))
    """
    try:
        yield
    except InvalidReplyError as error:
        if error.partial is None:
            key = (errors.key or "").encode()
            error.partial = body.replace(key, b"[key]") if key else body
        raise


async def audio_events(
    answer: Answer, asked: AudioFormat, errors: CallErrors
) -> AsyncGenerator[AudioDelta, None]:
    """The events of an answer whose body is audio; refuses one that is none.

    Args:
        answer: The open answer.
        asked: The format that was asked for.
        errors: Translates the vendor's errors; one in place of the audio is raised.

    Raises:
        AudioMissingError: It is empty.
        InvalidReplyError: It is text, or no audio.
        StreamIncompleteError: It broke off; its part was delivered.
        ProviderError: It is the vendor's error.

    Example:
        async with answer:
            async with aclosing(audio_events(answer, request.output_format, errors)) as events:
                async for event in events:
                    yield event
    """
    kind, request_id = answer.content_type, answer.request_id
    if kind in _JSON_KINDS:
        errors.check(json_of(await answer.read(), answer, errors), request_id=request_id)
    if kind in _JSON_KINDS or kind.startswith("text/"):
        raise errors.failures.invalid_reply(
            f"{kind} came where audio was asked for",
            status=answer.status,
            request_id=request_id,
            fix="Check base_url; something other than the vendor's server may be answering.",
        )
    reader = AudioReader(asked, failures=errors.failures, request_id=request_id)
    while chunk := await next_piece(answer, errors, what="the speech"):
        piece = reader.push(chunk)
        if piece is not None:
            yield piece
    with keeping_body(reader.held, errors):
        rest = reader.finish()
    if rest is not None:
        yield rest
    if not reader.n_bytes:
        raise AudioMissingError(
            f"{errors.model} gave no audio",
            provider=errors.failures.provider,
            request_id=request_id,
            billed=True,
            fix="Ask again; give a text with words in it.",
        )


async def next_piece(answer: Answer, errors: CallErrors, *, what: str) -> bytes:
    """The next bytes of what is delivered as it comes; empty at the end.

    Args:
        answer: The open answer.
        errors: Of the call.
        what: What comes, in words, such as `the speech`.

    Raises:
        StreamIncompleteError: It broke off.
        InvalidReplyError: It is too long, or its compression is broken.

    Example:
        while chunk := await next_piece(answer, errors, what="the speech"):
            ...
    """
    try:
        return await answer.next()
    except AmbiguousOutcomeError as error:
        raise errors.failures.incomplete(
            f"{what} broke off: {error.what}", request_id=answer.request_id
        ) from error


def json_of(body: bytes, answer: Answer, errors: CallErrors) -> object:
    """The JSON data of an answer's whole body.

    Args:
        body: What `Answer.read` gave.
        answer: For its id and type.
        errors: Of the call.

    Raises:
        InvalidReplyError: It is empty, a page for people, or no JSON.

    Example:
        data = json_of(await answer.read(), answer, errors)
    """
    if not body.strip():
        raise errors.failures.invalid_reply("the reply is empty", request_id=answer.request_id)
    try:
        return parse_json(body)
    except (ValueError, RecursionError) as error:
        kind = answer.content_type or "no type"
        raise errors.failures.invalid_reply(
            f"the reply of {len(body)} bytes, labelled {kind}, is no JSON",
            request_id=answer.request_id,
            fix="Check base_url; something other than the model's server may be answering.",
        ) from stripped(error)


def _parsed(text: str, errors: CallErrors) -> object:
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as error:
        raise errors.failures.invalid_reply(
            f"an event of {len(text)} characters is no JSON"
        ) from stripped(error)


async def _check_stream(answer: Answer, errors: CallErrors) -> None:
    """Refuse an answer that says itself that it is no event stream."""
    kind = answer.content_type
    if kind in ("", EVENT_STREAM, "application/octet-stream", "text/plain"):
        return
    if kind in _JSON_KINDS:
        errors.check(json_of(await answer.read(), answer, errors), request_id=answer.request_id)
    raise errors.failures.invalid_reply(
        f"{kind} came where an event stream was asked for",
        status=answer.status,
        request_id=answer.request_id,
        fix="Ask without streaming, or check base_url.",
    )


async def _next_of_stream(answer: Answer, reader: StreamReader, errors: CallErrors) -> bytes:
    """The next piece of a stream; empty where it ends, or breaks off after its end mark."""
    if not reader.is_complete:
        return await next_piece(answer, errors, what="the stream")
    try:
        with anyio.move_on_after(_GRACE_S):
            return await answer.next()
    except (AmbiguousOutcomeError, InvalidReplyError):
        pass
    return b""
