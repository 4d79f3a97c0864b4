"""What the vendor says a call used, read without trust. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ossicle.messages import Usage

_MOST_TOKENS = 10**9
"""Nobody's context holds a thousandth of this: a larger figure is no figure."""

_MOST_SECONDS = 10.0**7


def chat_usage(data: object) -> Usage | None:
    """Usage of a chat completion: inclusive totals, with their parts where told.

    What is absent, negative, not a number or impossibly large stays `None`.
    """
    if not isinstance(data, Mapping):
        return None
    details_in = _mapping(data.get("prompt_tokens_details"))
    details_out = _mapping(data.get("completion_tokens_details"))
    return _usage(
        input_tokens=_count(data.get("prompt_tokens")),
        output_tokens=_count(data.get("completion_tokens")),
        input_text_tokens=_count(details_in.get("text_tokens")),
        input_audio_tokens=_count(details_in.get("audio_tokens")),
        cached_tokens=_count(details_in.get("cached_tokens")),
        output_text_tokens=_count(details_out.get("text_tokens")),
        output_audio_tokens=_count(details_out.get("audio_tokens")),
    )


def speech_usage(data: object) -> Usage | None:
    """Usage of a speech stream: text tokens in, audio tokens out."""
    if not isinstance(data, Mapping):
        return None
    text, audio = _count(data.get("input_tokens")), _count(data.get("output_tokens"))
    return _usage(
        input_tokens=text, input_text_tokens=text, output_tokens=audio, output_audio_tokens=audio
    )


def transcription_usage(data: object) -> Usage | None:
    """Usage of a transcription, billed by tokens or by seconds."""
    if not isinstance(data, Mapping):
        return None
    if data.get("type") == "duration" or "seconds" in data:
        return _usage(input_audio_s=_seconds(data.get("seconds")))
    details = _mapping(data.get("input_token_details"))
    return _usage(
        input_tokens=_count(data.get("input_tokens")),
        output_tokens=_count(data.get("output_tokens")),
        input_text_tokens=_count(details.get("text_tokens")),
        input_audio_tokens=_count(details.get("audio_tokens")),
    )


def _usage(**fields: int | float | None) -> Usage | None:
    if all(value is None for value in fields.values()):
        return None
    return Usage.model_validate(fields)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= _MOST_SECONDS else None
