"""`POST /text-to-speech/{voice_id}` and its streaming sister."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qs, unquote

import numpy as np

from ossicle_testing.vendors.audio import ReplyFormat, encode_reply
from ossicle_testing.vendors.elevenlabs.bodies import SPEECH
from ossicle_testing.vendors.elevenlabs.errors import (
    invalid_body,
    model_not_found,
    refused,
    voice_not_found,
)
from ossicle_testing.vendors.elevenlabs.models import (
    MODELS,
    OUTPUT_FORMATS,
    PRO_FORMATS,
    VendorModel,
)
from ossicle_testing.vendors.elevenlabs.state import State
from ossicle_testing.vendors.http import Request, Response
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.schema import first_problem
from ossicle_testing.vendors.tones import Samples

_PIECE_BYTES = 4801
"""Odd, so that every other piece ends inside a sample."""

_MEDIA_TYPES = {"pcm": "audio/pcm", "mp3": "audio/mpeg", "opus": "audio/opus"}
_MILLION = Decimal(1_000_000)
_LOGGING = {"enable_logging": ("true", "false"), "optimize_streaming_latency": tuple("01234")}


def speak(state: State, request: Request) -> Response:
    """Say a text; the body comes in pieces, of which a streamed one has many.

    Raises:
        RefusedError: The request is refused.
    """
    body = _body(request)
    model = MODELS.get(body.get("model_id", "eleven_multilingual_v2"))
    if model is None or model.kind != "speech":
        raise model_not_found(str(body.get("model_id")))
    if unquote(request.params["voice"]) not in state.voices:
        raise voice_not_found()
    codec, _, rate = _format(state, request).partition("_")
    _check(state, body, model)
    samples = _at_speed(state.speech_models.say(body["text"]), body)
    native = {"pcm": "pcm16"}.get(codec, codec)
    data = encode_reply(samples, cast(ReplyFormat, native), sample_rate=int(rate.partition("_")[0]))
    n_chars = len(body["text"])
    cost = math.ceil(n_chars * model.credits_per_character * state.voice_factor)
    bill = Bill(
        characters=math.ceil(n_chars * state.voice_factor),
        amount=n_chars * state.voice_factor * model.price / _MILLION,
    )
    return Response(
        headers=(("content-type", _MEDIA_TYPES[codec]), ("character-cost", str(cost)),
                 ("history-item-id", state.speech_models.new_id(digits=20))),
        body=tuple(data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)),
        executed=True,
        bill=bill,
    )  # fmt: skip


def _body(request: Request) -> dict[str, Any]:
    if not (request.header("content-type") or "").startswith("application/json"):
        raise refused("invalid_content_type", "The body is no JSON.", status=415)  # a guess
    try:
        body = request.json()
    except ValueError as error:
        raise refused("invalid_json", "The body is no JSON.", status=422) from error
    problem = first_problem(SPEECH, body)
    if problem is not None:
        raise invalid_body(problem)
    return cast("dict[str, Any]", body)


def _format(state: State, request: Request) -> str:
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    named = query.pop("output_format", "mp3_44100_128")
    for name, value in query.items():
        if value not in _LOGGING.get(name, ()):
            raise refused("invalid_parameters", f"Unknown {name[:32]}.", param=name)
    if named not in OUTPUT_FORMATS:
        raise refused("invalid_output_format", "Unknown output_format.", param="output_format")
    if named in PRO_FORMATS and not state.is_pro:
        raise refused(
            "output_format_not_allowed",
            f"Output format {named} is only allowed for Pro tier and above.",
            status=403,
        )
    return named


def _check(state: State, body: dict[str, Any], model: VendorModel) -> None:
    text = body["text"]
    if not text.strip():
        raise refused("invalid_text", "The text is empty.", param="text")  # wording a guess
    if len(text) > model.max_characters:
        raise refused(
            "max_character_limit_exceeded",
            f"This request's text has {len(text)} characters and exceeds the character limit of "
            f"{model.max_characters} characters.",
            param="text",
        )
    if body.get("language_code") and not model.takes_language:
        raise refused(
            "unsupported_language",
            f"Model '{model.id}' does not support language_code.",
            param="language_code",
        )
    has_context = any(body.get(name) is not None for name in ("previous_text", "next_text"))
    if has_context and not model.takes_context:
        raise refused(
            "unsupported_parameter",
            f"Model '{model.id}' does not support previous_text and next_text.",
            param="previous_text",
        )
    if any(word in text.lower() for word in state.forbidden):
        raise refused(
            "content_against_policy", "The text you are trying to use may violate our Terms."
        )


def _at_speed(samples: Samples, body: dict[str, Any]) -> Samples:
    """Played faster or slower; the pitch moves along, which a real voice's would not."""
    speed = (body.get("voice_settings") or {}).get("speed") or 1.0
    if speed == 1.0:
        return samples
    positions = np.arange(0, len(samples), speed)
    played: Samples = np.interp(positions, np.arange(len(samples)), samples).astype(np.float32)
    return played
