"""From a request to the vendor's speech to text, and from its answer to events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import (
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
from ossicle.rest import (
    language_code,
    language_tag,
    mapping_of,
    mappings_of,
    probability_of,
    refuse_unsupported,
    seconds_of,
    text_of,
)
from ossicle_elevenlabs.errors import LADDER
from ossicle_elevenlabs.options import CallOptions

PATH = "/speech-to-text"
_MOST_SEED = 2**31 - 1


def transcription_fields(request: Request, *, options: CallOptions) -> list[tuple[str, str]]:
    """The fields of the form, but for the file.

    Raises:
        UnsupportedFeatureError: The request cannot be said in the vendor's form.
    """
    fix = "Give words to expect as the option `keyterms`."
    refuse_unsupported(request.model, [(request.instructions, "instructions", fix)])
    if request.seed is not None and not 0 <= request.seed <= _MOST_SEED:
        raise UnsupportedFeatureError(
            f"a seed of {request.seed}", feature="seed", fix=f"Give one from 0 to {_MOST_SEED}."
        )
    fields: list[tuple[str, object]] = [
        ("model_id", request.model),
        ("language_code", language_code(request.language) if request.language else None),
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
    data: object, *, duration_s: float | None, request_id: str | None
) -> Iterator[Event]:
    """The events of an answer.

    Args:
        data: JSON data.
        duration_s: Of the clip, for the bill where the vendor does not tell it.
        request_id: The vendor's id of the request.

    Raises:
        InvalidReplyError: It is no transcription.
    """
    body = mapping_of(data)
    text = body.get("text")
    if not isinstance(text, str):
        raise LADDER.failures.invalid_reply("the reply is no transcription", request_id=request_id)
    yield ReplyStarted(request_id=request_id, reply_id=text_of(body.get("transcription_id")))
    if text:
        yield TextDelta(text=text)
    for word in mappings_of(body.get("words")):
        spelled = text_of(word.get("text"))
        if spelled is not None and word.get("type") != "spacing":
            yield SegmentReported(segment=_segment(word, spelled))
    language = text_of(body.get("language_code"))
    if language is not None:
        yield LanguageDetected(language=language_tag(language))
    billed_s = seconds_of(body.get("audio_duration_secs"))
    billed_s = duration_s if billed_s is None else billed_s
    if billed_s is not None:
        yield UsageReported(usage=Usage(input_audio_s=billed_s))
    yield Finished()


def _segment(word: Mapping[str, Any], text: str) -> Segment:
    return Segment(
        text=text,
        start_s=seconds_of(word.get("start")),
        end_s=seconds_of(word.get("end")),
        speaker=text_of(word.get("speaker_id")),
        is_word=word.get("type") == "word",
        confidence=probability_of(word.get("logprob")),
    )


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
