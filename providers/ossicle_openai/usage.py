"""What the vendor says a call used, read without trust. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ossicle.messages import Usage
from ossicle.rest import count_of, mapping_of, seconds_of


def chat_usage(data: object) -> Usage | None:
    """Usage of a chat completion: inclusive totals, with their parts where reported.

    What is absent, negative, not a number or impossibly large stays `None`.
    """
    if not isinstance(data, Mapping):
        return None
    details_in = mapping_of(data.get("prompt_tokens_details"))
    details_out = mapping_of(data.get("completion_tokens_details"))
    return _usage(
        input_tokens=count_of(data.get("prompt_tokens")),
        output_tokens=count_of(data.get("completion_tokens")),
        input_text_tokens=count_of(details_in.get("text_tokens")),
        input_audio_tokens=count_of(details_in.get("audio_tokens")),
        cached_tokens=count_of(details_in.get("cached_tokens")),
        output_text_tokens=count_of(details_out.get("text_tokens")),
        output_audio_tokens=count_of(details_out.get("audio_tokens")),
    )


def speech_usage(data: object) -> Usage | None:
    """Usage of a speech stream: text tokens in, audio tokens out."""
    if not isinstance(data, Mapping):
        return None
    text, audio = count_of(data.get("input_tokens")), count_of(data.get("output_tokens"))
    return _usage(
        input_tokens=text, input_text_tokens=text, output_tokens=audio, output_audio_tokens=audio
    )


def transcription_usage(data: object) -> Usage | None:
    """Usage of a transcription, billed by tokens or by seconds."""
    if not isinstance(data, Mapping):
        return None
    if data.get("type") == "duration" or "seconds" in data:
        return _usage(input_audio_s=seconds_of(data.get("seconds")))
    details = mapping_of(data.get("input_token_details"))
    return _usage(
        input_tokens=count_of(data.get("input_tokens")),
        output_tokens=count_of(data.get("output_tokens")),
        input_text_tokens=count_of(details.get("text_tokens")),
        input_audio_tokens=count_of(details.get("audio_tokens")),
    )


def _usage(**fields: int | float | None) -> Usage | None:
    if all(value is None for value in fields.values()):
        return None
    return Usage.model_validate(fields)
