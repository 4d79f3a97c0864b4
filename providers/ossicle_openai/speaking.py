"""The task `speak`: a text is read aloud, by a speech model or by a chat model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ossicle.errors import AudioMissingError
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    Message,
    ReferenceIssued,
    RefusalDelta,
    Request,
    TextPart,
    TranscriptDelta,
    Usage,
    UsageReported,
)
from ossicle.rest import (
    EVENT_STREAM,
    JSON,
    AudioReader,
    CallErrors,
    json_body,
    json_events,
    keeping_body,
    next_piece,
    started,
    whole_audio,
)
from ossicle_openai.catalogue import OpenAIModel, SpeechFacts
from ossicle_openai.errors import FAILURES
from ossicle_openai.exchange import Exchange
from ossicle_openai.options import PROVIDER, CallOptions
from ossicle_openai.pieces import JoinedPieces
from ossicle_openai.responding import respond_events
from ossicle_openai.response_audio import PCM16
from ossicle_openai.speech import (
    MAX_CHARS_PER_S,
    SpeechCall,
    SpeechStream,
    check_media_type,
    raw_format,
    speech_calls,
    speech_json_events,
    spoken_text,
    text_in_pieces,
)
from ossicle_openai.verbatim import INSTRUCTIONS, max_tokens_to_read, strayed_share

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer

PATH = "/audio/speech"

_CHAT_FACTS = SpeechFacts(piece_chars=2000)
"""What a chat model reads at a time: in long texts it strays more, and pays more when it does."""

_FEW_CHARS = 200
"""Texts shorter than this say nothing about the pace."""


async def speak_events(
    exchange: Exchange, request: Request, *, options: CallOptions, record: OpenAIModel
) -> AsyncGenerator[Event, None]:
    """Speak a text and yield the audio, in several requests where it is long.

    Raises:
        OssicleError: Whatever goes wrong, translated.
    """
    if record.speech is None:
        pieces = _read_aloud(exchange, request, options, record)
    else:
        pieces = _by_speech_model(exchange, request, options, record, record.speech)
    async with aclosing(pieces) as events:
        async for event in events:
            yield event


async def _by_speech_model(
    exchange: Exchange,
    request: Request,
    options: CallOptions,
    record: OpenAIModel,
    facts: SpeechFacts,
) -> AsyncGenerator[Event, None]:
    calls = speech_calls(request, options=options, record=record, facts=facts)
    joined = JoinedPieces(count=len(calls))
    prices = record.capabilities.prices
    is_by_length = prices is not None and prices.million_characters is not None
    for call in calls:
        heard = _Heard()
        async with aclosing(_one_speech(exchange, request, call, options.headers)) as events:
            async for event in events:
                heard.add(event)
                for passed in joined.take(event):
                    yield passed
        if not heard.n_bytes:
            raise _without_audio(heard)
        _check_pace(call, heard, speed=options.speed or 1.0)
        if is_by_length:
            joined.take(UsageReported(usage=Usage(characters=len(call.text))))
        joined.next_piece()
    for event in joined.finish():
        yield event


async def _one_speech(
    exchange: Exchange, request: Request, speech: SpeechCall, headers: Mapping[str, str]
) -> AsyncGenerator[Event, None]:
    errors = exchange.errors_of(request)
    answer = await exchange.post(
        PATH,
        json_body(speech.payload),
        request=request,
        accept=EVENT_STREAM if speech.streams_events else "application/octet-stream",
        errors=errors,
        headers=headers,
    )
    async with answer:
        yield started(answer)
        kind = answer.content_type
        if kind == EVENT_STREAM:
            reader = SpeechStream(
                errors=errors,
                asked=speech.asked,
                request_id=answer.request_id,
                max_bytes=exchange.endpoint.options.max_reply_bytes,
            )
            source = exchange.relay(answer, reader, errors)
        elif kind == JSON:
            source = _from_json(exchange, answer, speech, errors)
        elif speech.asked.container == "raw":
            source = _samples(answer, errors)
        else:
            source = _file(answer, speech, errors)
        async with aclosing(source) as events:
            async for event in events:
                yield event


async def _from_json(
    exchange: Exchange, answer: Answer, speech: SpeechCall, errors: CallErrors
) -> AsyncGenerator[Event, None]:
    most = exchange.endpoint.options.max_reply_bytes
    for event in await json_events(
        answer,
        errors,
        lambda body: speech_json_events(
            body, asked=speech.asked, request_id=answer.request_id, max_bytes=most
        ),
    ):
        yield event


async def _samples(answer: Answer, errors: CallErrors) -> AsyncGenerator[Event, None]:
    """Raw samples as they come, unless they turn out to be a file."""
    reader = AudioReader(
        raw_format(answer.headers.get("content-type", "")),
        failures=FAILURES,
        request_id=answer.request_id,
    )
    is_first = True
    while chunk := await next_piece(answer, errors, what="the speech"):
        if is_first:
            check_media_type(answer.content_type, chunk, request_id=answer.request_id)
        is_first = False
        audio = reader.push(chunk)
        if audio is not None:
            yield audio
    rest = reader.finish()
    if rest is not None:
        yield rest


async def _file(
    answer: Answer, speech: SpeechCall, errors: CallErrors
) -> AsyncGenerator[Event, None]:
    data = await answer.read()
    if not data:
        raise FAILURES.invalid_reply("the speech is empty", request_id=answer.request_id)
    with keeping_body(data, errors):
        check_media_type(answer.content_type, data, request_id=answer.request_id)
        audio = whole_audio(data, speech.asked, failures=FAILURES)
    if audio is not None:
        yield audio


async def _read_aloud(
    exchange: Exchange, request: Request, options: CallOptions, record: OpenAIModel
) -> AsyncGenerator[Event, None]:
    """A chat model reads the text, and its transcript is held against it."""
    texts = text_in_pieces(
        spoken_text(request), facts=_CHAT_FACTS, max_text_chars=record.capabilities.max_text_chars
    )
    joined = JoinedPieces(count=len(texts))
    for text in texts:
        heard = _Heard()
        asking = _asking(request, text, is_single=len(texts) == 1)
        source = respond_events(exchange, asking, options=options, record=record)
        async with aclosing(source) as events:
            async for event in events:
                heard.add(event)
                # Audio of a reading is nothing that a conversation refers to.
                if not isinstance(event, ReferenceIssued):
                    for passed in joined.take(event):
                        yield passed
        if heard.has_refused:
            break
        if not heard.n_bytes:
            raise _without_audio(heard)
        _check_verbatim(text, heard, tolerance=options.verbatim_tolerance)
        joined.next_piece()
    for event in joined.finish():
        yield event


def _asking(request: Request, text: str, *, is_single: bool) -> Request:
    """The chat request that has a text read aloud."""
    style = f"\nManner of speaking: {request.instructions}" if request.instructions else ""
    return request.model_copy(
        update={
            "task": "respond",
            "messages": (Message(role="user", parts=(TextPart(text=text),)),),
            "instructions": INSTRUCTIONS + style,
            "output": frozenset({"text", "audio"}),
            "output_format": request.output_format if is_single else PCM16,
            "max_output_tokens": request.max_output_tokens or max_tokens_to_read(text),
            "tools": (),
            "tool_choice": None,
        }
    )


@dataclass(slots=True)
class _Heard:
    """What one piece came back with, as far as it is checked."""

    n_bytes: int = 0
    duration_s: float = 0.0
    transcript: list[str] = field(default_factory=list)
    has_refused: bool = False
    was_cut: bool = False

    def add(self, event: Event) -> None:
        match event:
            case AudioDelta(data=data, format=form):
                self.n_bytes += len(data)
                if form.container == "raw" and form.frame_width and form.sample_rate:
                    self.duration_s += len(data) / form.frame_width / form.sample_rate
            case TranscriptDelta(text=text):
                self.transcript.append(text)
            case RefusalDelta():
                self.has_refused = True
            case Finished(reason="length"):
                self.was_cut = True


def _check_pace(call: SpeechCall, heard: _Heard, *, speed: float) -> None:
    """Refuse speech that is far too short for its text: the vendor cuts some without a word."""
    n_chars = sum(map(str.isalnum, call.text))
    if n_chars < _FEW_CHARS or not heard.duration_s:
        return
    if n_chars / heard.duration_s > MAX_CHARS_PER_S * max(1.0, speed):
        raise FAILURES.invalid_reply(
            f"the speech lasts {heard.duration_s:.1f} s for {n_chars} letters: it was cut",
            fix="Ask again, or speak shorter texts.",
        )


def _check_verbatim(text: str, heard: _Heard, *, tolerance: float) -> None:
    share = strayed_share(text, "".join(heard.transcript))
    if heard.was_cut or share > tolerance:
        raise FAILURES.invalid_reply(
            "the model's reading was cut at its token limit"
            if heard.was_cut
            else f"the model did not read the text as it stands: {share:.0%} of the words differ, "
            f"{tolerance:.0%} are allowed",
            fix="Ask again, or use a speech model.",
        )


def _without_audio(heard: _Heard) -> AudioMissingError:
    return AudioMissingError(
        f"the model answered {len(''.join(heard.transcript))} characters and no audio",
        provider=PROVIDER,
        billed=True,
        fix="Ask again, or use a speech model.",
    )
