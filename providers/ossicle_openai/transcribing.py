"""The task `transcribe`: a recording becomes text, in several requests where it is long."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import Event, Request
from ossicle.rest import json_of, stripped
from ossicle_openai.audio_pieces import AudioPiece, cut_clip, needs_cutting
from ossicle_openai.catalogue import ModelRecord, TranscriptionFacts
from ossicle_openai.errors import CallFacts
from ossicle_openai.exchange import EVENT_STREAM, Exchange, started
from ossicle_openai.options import FAILURES, CallOptions
from ossicle_openai.pieces import JoinedPieces
from ossicle_openai.speech import check_media_type
from ossicle_openai.transcription import (
    TEXT_FORMATS,
    TranscriptionStream,
    clip_to_transcribe,
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
    exchange: Exchange, request: Request, *, options: CallOptions, record: ModelRecord
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
    clip = clip_to_transcribe(request)
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
    call = exchange.call_facts(request)
    clip = piece.clip
    data = await to_thread.run_sync(clip.read_bytes)
    streams = fields.get("stream") is True
    answer = await exchange.post_form(
        PATH,
        fields,
        file=(file_name(clip.format), io.BytesIO(data), clip.format.media_type),
        accept=EVENT_STREAM if streams else "application/json",
        call=call,
        deadline=request.deadline,
        headers=headers,
    )
    async with answer:
        yield started(answer)
        if streams:
            reader = TranscriptionStream(
                call=call, start_s=piece.start_s, request_id=answer.request_id
            )
            async with aclosing(exchange.relay(answer, reader, call)) as events:
                async for event in events:
                    yield event
            return
        body = await answer.read()
        found = _whole(body, answer, fields["response_format"], call, piece)
    for event in found:
        yield event


def _whole(
    body: bytes, answer: Answer, response_format: str, call: CallFacts, piece: AudioPiece
) -> list[Event]:
    """The events of a whole answer, JSON or plain text."""
    check_media_type(answer.content_type.replace("text/plain", ""), body, request_id=None)
    is_json = answer.content_type.startswith("application/json")
    parsed: object
    if response_format in TEXT_FORMATS and not (is_json and body.lstrip()[:1] == b"{"):
        try:
            parsed = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FAILURES.invalid_reply(
                f"the transcription of {len(body)} bytes is not UTF-8",
                request_id=answer.request_id,
            ) from stripped(error)
    else:
        parsed = json_of(body, answer, FAILURES)
    return list(
        transcription_events(parsed, call=call, start_s=piece.start_s, request_id=answer.request_id)
    )


def _n_bytes(value: object) -> int:
    """Roughly what a field takes in a form, its part's header included."""
    if isinstance(value, list):
        return sum(map(_n_bytes, value))
    return 200 + len(str(value).encode("utf-8", "replace"))
