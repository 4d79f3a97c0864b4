"""`POST /audio/speech`."""

from __future__ import annotations

import base64
from typing import Any, cast

import numpy as np

from ossicle.errors import DependencyMissingError
from ossicle_testing.vendors.audio import ReplyFormat, encode_reply
from ossicle_testing.vendors.http import EVENT_STREAM, Request, Response, event, json_response
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.openai.billing import priced, spoken_tokens, text_tokens
from ossicle_testing.vendors.openai.bodies import speech_schema
from ossicle_testing.vendors.openai.chat_request import check_voice, find_model, parse_json
from ossicle_testing.vendors.openai.chat_stream import PIECE_BYTES
from ossicle_testing.vendors.openai.errors import ApiError, unknown_value
from ossicle_testing.vendors.openai.models import VendorModel
from ossicle_testing.vendors.openai.schema_errors import refuse_problems
from ossicle_testing.vendors.openai.state import State
from ossicle_testing.vendors.tones import Samples

MAX_INPUT_CHARACTERS = 4096
MAX_INPUT_TOKENS = 2000

_MEDIA_TYPES = {
    "mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac",
    "wav": "audio/wav",
}  # fmt: skip


def speech(state: State, account: str, request: Request) -> Response:
    """Say a text, as one body or as events.

    Raises:
        ApiError: The request is refused.
    """
    del account
    body = parse_json(request)
    if "deployment" in request.params:
        body.setdefault("model", request.params["deployment"])
    if state.quirks.any_voice:
        body.setdefault("voice", "default")
    # Fields that are not known are ignored here (measured 2026-09).
    refuse_problems(speech_schema(), body, is_strict=False)
    model = find_model(state, body["model"])
    _check(state, body, model)
    named = body.get("response_format", state.quirks.speech_default_format)
    samples = _at_speed(state.speech_models.say(body["input"]), body.get("speed", 1.0))
    try:
        data = _encoded(state, samples, named)
    except DependencyMissingError as error:
        raise unknown_value(
            named, tuple(sorted(state.quirks.speech_formats)), param="response_format"
        ) from error
    bill = _bill(body, model, samples)
    streams = body.get("stream_format") == "sse" and state.quirks.speech_stream
    response = _events(state, data, bill) if streams else _binary(state, data, named)
    return Response(headers=response.headers, body=response.body, executed=True, bill=bill)


def _check(state: State, body: dict[str, Any], model: VendorModel) -> None:
    text, is_classic = body["input"], model.id.startswith("tts-1")
    if model.kind != "speech" and not state.quirks.any_model:
        raise ApiError(
            f"The model `{model.id}` is not supported for this endpoint.",
            status=404,
            code="model_not_found",
        )
    if len(text) > MAX_INPUT_CHARACTERS:
        # The shape of a pydantic error, with `code` null (measured 2026-09).
        raise ApiError(
            "[{'type': 'string_too_long', 'loc': ('body', 'input'), 'msg': 'String should have at "
            f"most {MAX_INPUT_CHARACTERS} characters', 'ctx': "
            f"{{'max_length': {MAX_INPUT_CHARACTERS}}}}}]"
        )
    if not text:
        raise ApiError(
            "[{'type': 'string_too_short', 'loc': ('body', 'input'), 'msg': 'String should have at "
            "least 1 character', 'ctx': {'min_length': 1}}]"
        )
    if not is_classic and (tokens := text_tokens(text)) > MAX_INPUT_TOKENS:
        raise ApiError(
            f"Input of {tokens} tokens is over the maximum input limit of {MAX_INPUT_TOKENS} "
            "tokens. Please shorten your input.",
            code="invalid_value",
        )
    check_voice(state, body["voice"], param="voice")
    formats = state.quirks.speech_formats
    named = body.get("response_format", state.quirks.speech_default_format)
    if named not in formats:
        raise unknown_value(named, tuple(sorted(formats)), param="response_format")
    if is_classic and body.get("stream_format") == "sse":
        raise ApiError(
            f"Unsupported value: 'stream_format' does not support 'sse' with model '{model.id}'.",
            param="stream_format",
            code="unsupported_value",
        )


def _at_speed(samples: Samples, speed: float) -> Samples:
    """Played faster or slower; the pitch moves along, which a real voice's would not."""
    if speed == 1.0:
        return samples
    positions = np.arange(0, len(samples), speed)
    stretched: Samples = np.interp(positions, np.arange(len(samples)), samples).astype(np.float32)
    return stretched


def _encoded(state: State, samples: Samples, format: str) -> bytes:
    native = "pcm16" if format == "pcm" else format
    return encode_reply(samples, cast(ReplyFormat, native), sized_wav=state.quirks.sized_wav)


def _bill(body: dict[str, Any], model: VendorModel, samples: Samples) -> Bill:
    bill = Bill(
        input_text_tokens=text_tokens(body["input"]) + text_tokens(body.get("instructions", "")),
        output_audio_tokens=spoken_tokens(len(samples)),
        characters=len(body["input"]),
    )
    return priced(bill, model.prices)


def _binary(state: State, data: bytes, format: str) -> Response:
    if state.quirks.speech_body == "json":
        return json_response({"audio_data": base64.b64encode(data).decode()})
    media_type = _MEDIA_TYPES.get(format, state.quirks.speech_content_type)
    # Sent in pieces as it is made, never with a length (the vendor streams every answer).
    pieces = tuple(data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))
    return Response(headers=(("content-type", media_type),), body=pieces)


def _events(state: State, data: bytes, bill: Bill) -> Response:
    quirks = state.quirks
    name = "audio_data" if quirks.speech_body == "json" else "audio"
    events = [
        event({
            "type": "speech.audio.delta",
            name: base64.b64encode(data[start : start + PIECE_BYTES]).decode(),
        })
        for start in range(0, len(data), PIECE_BYTES)
    ]  # fmt: skip
    usage = {
        "input_tokens": bill.input_text_tokens,
        "output_tokens": bill.output_audio_tokens,
        "total_tokens": bill.input_text_tokens + bill.output_audio_tokens,
    }
    events.append(event({"type": "speech.audio.done", quirks.speech_usage_key: usage}))
    if quirks.speech_done_marker:
        events.append(event("[DONE]"))
    return Response(headers=(("content-type", EVENT_STREAM),), body=tuple(events))
