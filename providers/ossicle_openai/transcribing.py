"""The task `transcribe`: a recording becomes text, in several requests where it is long."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import Event, Request
from ossicle.rest import (
    EVENT_STREAM,
    JSON,
    CallErrors,
    clip_of,
    json_of,
    keeping_body,
    started,
    stripped,
)
from ossicle_openai.audio_pieces import AudioPiece, cut_clip, needs_cutting
from ossicle_openai.catalogue import OpenAIModel, TranscriptionFacts
from ossicle_openai.errors import FAILURES
from ossicle_openai.exchange import Exchange, form_of
from ossicle_openai.options import CallOptions
from ossicle_openai.pieces import JoinedPieces
from ossicle_openai.speech import check_media_type
from ossicle_openai.transcription import (
    TEXT_FORMATS,
    TranscriptionStream,
    file_name,
    transcription_events,
    transcription_fields,
)

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer

PATH = "/audio/transcriptions"

_FORM_BYTES = 4096
"""What boundaries and part headers of a form may take."""


async def transcribe_events(
    exchange: Exchange, request: Request, *, options: CallOptions, record: OpenAIModel
) -> AsyncGenerator[Event, None]:
    """Transcribe a clip and yield text, segments, language and usage.

    A clip beyond the model's limits is cut at silence and its pieces are sent one after the other;
    times are those of the whole clip. Speakers' labels are the vendor's and start anew with each
    piece.

    Raises:
        OssicleError: Whatever goes wrong, translated.
    """
    facts = record.transcription or TranscriptionFacts(formats=("json",), language=True)
    fields = transcription_fields(request, options=options, facts=facts)
    clip = clip_of(request)
    limits: dict[str, Any] = {
        "max_bytes": facts.max_bytes - _FORM_BYTES - sum(map(_n_bytes, fields.values())),
        "max_duration_s": facts.max_duration_s,
    }
    is_single = not needs_cutting(clip, **limits)
    if not is_single and fields["response_format"] in ("srt", "vtt"):
        raise UnsupportedFeatureError(
            f"{fields['response_format']} of a recording that has to be cut",
            feature="response_format",
            fix="Use verbose_json, whose times are those of the whole recording.",
        )
    joined = JoinedPieces(count=1 if is_single else None)
    pieces = cut_clip(clip, **limits)
    try:
        while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            source = _one_piece(exchange, request, fields, piece, headers=options.headers)
            async with aclosing(source) as events:
                async for event in events:
                    for passed in joined.take(event):
                        yield passed
            joined.next_piece()
    finally:
        pieces.close()
    for event in joined.finish():
        yield event


async def _one_piece(
    exchange: Exchange,
    request: Request,
    fields: dict[str, Any],
    piece: AudioPiece,
    *,
    headers: Mapping[str, str],
) -> AsyncGenerator[Event, None]:
    errors = exchange.errors_of(request)
    streams = fields.get("stream") is True
    answer = await exchange.post(
        PATH,
        form_of(fields, piece.clip, filename=file_name(piece.clip.format)),
        request=request,
        accept=EVENT_STREAM if streams else JSON,
        errors=errors,
        headers=headers,
    )
    async with answer:
        yield started(answer)
        # Some servers send events where none were asked for: paid for, and good.
        if streams or answer.content_type == EVENT_STREAM:
            reader = TranscriptionStream(
                errors=errors, start_s=piece.start_s, request_id=answer.request_id
            )
            async with aclosing(exchange.relay(answer, reader, errors)) as events:
                async for event in events:
                    yield event
            return
        body = await answer.read()
        with keeping_body(body, errors):
            found = _whole(body, answer, fields["response_format"], errors, piece)
    for event in found:
        yield event


def _whole(
    body: bytes, answer: Answer, response_format: str, errors: CallErrors, piece: AudioPiece
) -> list[Event]:
    """The events of a whole answer, JSON or plain text."""
    check_media_type(answer.content_type.replace("text/plain", ""), body, request_id=None)
    looks_like_json = body.lstrip()[:1] == b"{"
    if response_format in TEXT_FORMATS:
        is_text = not (looks_like_json and answer.content_type == JSON)
    else:
        # Some servers answer in plain text whatever was asked: paid for, and good.
        is_text = not looks_like_json and answer.content_type == "text/plain"
    parsed: object
    if is_text:
        try:
            parsed = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FAILURES.invalid_reply(
                f"the transcription of {len(body)} bytes is not UTF-8",
                request_id=answer.request_id,
            ) from stripped(error)
    else:
        parsed = json_of(body, answer, errors)
        errors.check(parsed, request_id=answer.request_id)
    return list(transcription_events(parsed, start_s=piece.start_s, request_id=answer.request_id))


def _n_bytes(value: object) -> int:
    """Roughly what a field takes in a form, its part's header included."""
    if isinstance(value, list):
        return sum(map(_n_bytes, value))
    return 200 + len(str(value).encode("utf-8", "replace"))
