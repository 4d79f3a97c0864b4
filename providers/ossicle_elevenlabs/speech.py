"""From a request to the vendor's text to speech. Pure."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from ossicle.abc import AudioOutput
from ossicle.audio import AudioFormat
from ossicle.errors import UnsupportedFormatError
from ossicle.messages import Request
from ossicle.rest import language_code, path_segment, refuse_unsupported, spoken_text
from ossicle_elevenlabs.catalogue import ElevenLabsModel
from ossicle_elevenlabs.options import CallOptions, EndpointOptions

_MOST_CREDITS = 10**9


def speech_path(request: Request, *, record: ElevenLabsModel, options: EndpointOptions) -> str:
    """The path of a call, with its query.

    Raises:
        ConfigurationError: The voice's name cannot be one.
        UnsupportedFormatError: The vendor does not give this format.
    """
    voice = request.voice or record.capabilities.default_voice or ""
    query = {"output_format": format_name(asked_format(request, record))}
    if options.zero_retention:
        query["enable_logging"] = "false"
    way = "/stream" if request.stream else ""
    return f"/text-to-speech/{path_segment(voice, what='voice')}{way}?{urlencode(query)}"


def asked_format(request: Request, record: ElevenLabsModel) -> AudioFormat:
    """The format that is asked for; the first that the model has where none is named."""
    if request.output_format is not None:
        return request.output_format
    output = record.capabilities.audio_output or AudioOutput()
    rules = output.streamed if request.stream else output.whole
    return rules[0].preferred(AudioFormat.pcm(sample_rate=24_000))


def format_name(form: AudioFormat) -> str:
    """The vendor's name of a format: codec, rate and bit rate.

    Raises:
        UnsupportedFormatError: There is none.

    Source:
        `output_format` in https://elevenlabs.io/docs/api-reference/text-to-speech/convert, read
        2026-11-26.
    """
    match (form.container, form.encoding):
        case ("raw", "pcm_s16le"):
            return f"pcm_{form.sample_rate}"
        case ("mp3", "mp3"):
            return f"mp3_{form.sample_rate or 44_100}_{(form.bit_rate or 128_000) // 1000}"
        case ("ogg", "opus"):
            return f"opus_{form.sample_rate or 48_000}_{(form.bit_rate or 128_000) // 1000}"
        case _:
            raise UnsupportedFormatError(
                f"the vendor does not give {form}",
                format=str(form),
                fix="Ask for raw pcm_s16le, mp3 or opus.",
            )


def speech_payload(
    request: Request, *, record: ElevenLabsModel, options: CallOptions
) -> dict[str, Any]:
    """The body of a call.

    Raises:
        TextTooLongError: More text than the model speaks in one request.
        UnsupportedFeatureError: The request cannot be said in the vendor's form.
    """
    text = spoken_text(request, max_chars=record.capabilities.max_text_chars)
    _refuse_unsayable(request, record=record, options=options)
    settings = options.voice_settings
    fields = {
        "text": text,
        "model_id": request.model,
        "language_code": language_code(request.language) if request.language else None,
        "seed": request.seed,
        "voice_settings": settings.model_dump(exclude_none=True) if settings else None,
        "previous_text": options.previous_text,
        "next_text": options.next_text,
        "apply_text_normalization": options.apply_text_normalization,
        **options.extra_body,
    }
    return {name: value for name, value in fields.items() if value is not None}


def billed_characters(cost: str | None, *, n_chars: int, rate: float | None) -> int:
    """Characters that the vendor bills.

    Its header counts credits. Where they are what the text's length makes, give or take the
    rounding, it is the length; where they are not (a voice can cost more), the vendor is right.

    Args:
        cost: The `character-cost` header, in credits.
        n_chars: Characters of the text.
        rate: Credits for a character; `None`: unknown.
    """
    if cost is None or rate is None or not cost.isdecimal() or int(cost) > _MOST_CREDITS:
        return n_chars
    credited = int(cost) / rate
    return n_chars if abs(credited - n_chars) <= 1 / rate else math.ceil(credited)


def _refuse_unsayable(request: Request, *, record: ElevenLabsModel, options: CallOptions) -> None:
    has_context = options.previous_text is not None or options.next_text is not None
    refuse_unsupported(
        request.model,
        (
            (request.instructions, "instructions",
             "Leave them out; the voice decides, and v3 and later take tags such as [whispers]."),
            (request.temperature is not None, "temperature",
             "Leave it out; `voice_settings` has `stability`."),
            (request.language and not record.takes_language, "language",
             "Leave it out, it is detected; or use 'eleven_flash_v2_5'."),
            (has_context and not record.takes_context, "previous_text",
             "Leave `previous_text` and `next_text` out, or use 'eleven_multilingual_v2'."),
        ),
    )  # fmt: skip
