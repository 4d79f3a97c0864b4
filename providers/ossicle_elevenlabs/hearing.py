"""From a request to the vendor's speech to text, and from its answer to events. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ossicle.audio import AudioClip
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import (
    AudioPart,
    Event,
    Finished,
    LanguageDetected,
    ReplyStarted,
    Request,
    Segment,
    SegmentReported,
    TextDelta,
    Usage,
    UsageReported,
)
from ossicle_elevenlabs.error_body import envelope_of
from ossicle_elevenlabs.errors import CallFacts
from ossicle_elevenlabs.languages import code_of, tag_of
from ossicle_elevenlabs.options import FAILURES, CallOptions

PATH = "/speech-to-text"
_MOST_SEED = 2**31 - 1
_LONGEST_S = 1e6


def heard_clip(request: Request) -> AudioClip:
    """The clip to transcribe; the record allows one."""
    return next(part.clip for part in request.messages[-1].parts if isinstance(part, AudioPart))


def hearing_fields(request: Request, *, options: CallOptions) -> list[tuple[str, str]]:
    """The fields of the form, but for the file.

    Raises:
        UnsupportedFeatureError: The request cannot be said in the vendor's form.
    """
    if request.instructions:
        raise UnsupportedFeatureError(
            f"{request.model} takes no instructions",
            feature="instructions",
            fix="Give words to expect as the option `keyterms`.",
        )
    if request.seed is not None and not 0 <= request.seed <= _MOST_SEED:
        raise UnsupportedFeatureError(
            f"a seed of {request.seed}", feature="seed", fix=f"Give one from 0 to {_MOST_SEED}."
        )
    fields: list[tuple[str, object]] = [
        ("model_id", request.model),
        ("language_code", code_of(request.language) if request.language else None),
        ("tag_audio_events", options.tag_audio_events),
        ("timestamps_granularity", options.timestamps),
        ("diarize", options.diarize),
        ("num_speakers", options.num_speakers),
        ("temperature", request.temperature),
        ("seed", request.seed),
        *(("keyterms", term) for term in options.keyterms),
        *options.extra_body.items(),
    ]
    return [(name, _written(value)) for name, value in fields if value is not None]


def transcription_events(
    body: object, *, call: CallFacts, duration_s: float | None, request_id: str | None
) -> Iterator[Event]:
    """The events of an answer.

    Args:
        body: JSON data.
        call: What was asked, for errors.
        duration_s: Of the clip, for the bill where the vendor does not tell it.
        request_id: The vendor's id of the request.

    Raises:
        InvalidReplyError: It is no transcription.
        ProviderError: It is the vendor's error.
    """
    said = envelope_of(body)
    if said is not None:
        raise call.in_answer(said, request_id=request_id)
    text = body.get("text") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(text, str):
        raise FAILURES.invalid_reply("the reply is no transcription", request_id=request_id)
    yield ReplyStarted(request_id=request_id, reply_id=_text(body.get("transcription_id")))
    if text:
        yield TextDelta(text=text)
    words = body.get("words")
    for word in words if isinstance(words, list) else ():
        segment = _segment(word)
        if segment is not None:
            yield SegmentReported(segment=segment)
    language = _text(body.get("language_code"))
    if language is not None:
        yield LanguageDetected(language=tag_of(language))
    billed_s = _seconds(body.get("audio_duration_secs"))
    billed_s = duration_s if billed_s is None else billed_s
    if billed_s is not None:
        yield UsageReported(usage=Usage(input_audio_s=billed_s))
    yield Finished()


def _segment(word: object) -> Segment | None:
    """A word or a sound; `None` for what stands between them."""
    if not isinstance(word, Mapping) or word.get("type") == "spacing":
        return None
    text = _text(word.get("text"))
    if text is None:
        return None
    return Segment(
        text=text,
        start_s=_seconds(word.get("start")),
        end_s=_seconds(word.get("end")),
        speaker=_text(word.get("speaker_id")),
        is_word=word.get("type") == "word",
        confidence=_probability(word.get("logprob")),
    )


def _probability(log: object) -> float | None:
    if isinstance(log, bool) or not isinstance(log, (int, float)) or not log <= 0:
        return None
    return math.exp(log)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= _LONGEST_S else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
