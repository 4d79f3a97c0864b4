"""From requests to the vendor's parameters, from its answers to events and errors. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ossicle.audio import AudioFormat
from ossicle.errors import UnsupportedFormatError
from ossicle.messages import (
    Event,
    Finished,
    LanguageDetected,
    Request,
    Segment,
    SegmentReported,
    TextDelta,
    Usage,
    UsageReported,
)
from ossicle.rest import (
    ErrorBody,
    ErrorLadder,
    Failures,
    language_tag,
    mapping_of,
    mappings_of,
    number_of,
    refuse_unsupported,
    seconds_of,
    text_of,
)
from ossicle_deepgram.options import PROVIDER, CallOptions

_NO_MODEL = "no such model"
_DEFAULT_FORMAT = AudioFormat.pcm(sample_rate=24_000)


def read_error(data: object) -> ErrorBody | None:
    """The error in JSON data, or `None` when it holds none.

    Source:
        https://developers.deepgram.com/docs/errors: `err_code` and `err_msg`, or `category`,
        `message` and `details`.
    """
    body = mapping_of(data)
    code = text_of(body.get("err_code")) or text_of(body.get("category"))
    words = (text_of(body.get(name)) for name in ("err_msg", "message", "details"))
    message = " ".join(word for word in words if word)
    if code is None and not message:
        return None
    marks = frozenset({_NO_MODEL} if _NO_MODEL in message.lower() else ())
    return ErrorBody(code=code, message=message, marks=marks, is_own=True)


LADDER = ErrorLadder(
    failures=Failures(provider=PROVIDER, request_id_headers=("dg-request-id", "x-request-id")),
    read=read_error,
    meanings={
        "INVALID_AUTH": "key",
        "INSUFFICIENT_PERMISSIONS": "denied",
        "ASR_PAYMENT_REQUIRED": "spent",
        "TOO_MANY_REQUESTS": "limited",
        _NO_MODEL: "model",
    },
    fixes={"spent": "Add credit to the project at console.deepgram.com."},
)


def listen_path(request: Request, options: CallOptions) -> str:
    """The path of a transcription, with its parameters.

    Raises:
        UnsupportedFeatureError: The request cannot be said in the vendor's form.
    """
    _refuse(request, "Give it words to expect as `extra_query={'keyterm': ...}`.")
    query = {
        "model": request.model,
        "language": request.language,
        "detect_language": options.detect_language and not request.language,
        "smart_format": options.smart_format,
        "utterances": options.utterances,
        "diarize": options.diarize,
        **options.extra_query,
    }
    written = {name: "true" if value is True else value for name, value in query.items() if value}
    return f"/listen?{urlencode(written)}"


def speak_path(request: Request, options: CallOptions) -> str:
    """The path of speech, with its parameters.

    Raises:
        UnsupportedFeatureError: The request cannot be said in the vendor's form.
        UnsupportedFormatError: The vendor does not give this format.
    """
    _refuse(request, "Leave them out; the voice decides.")
    fix = "Give the voice as the model, such as 'aura-2-thalia-en'."
    refuse_unsupported(request.model, [(request.voice, "voice", fix)])
    query = {"model": request.model, **_wire_format(asked_format(request)), **options.extra_query}
    return f"/speak?{urlencode(query)}"


def asked_format(request: Request) -> AudioFormat:
    """The format that is asked for; samples at 24 kHz where none is named."""
    return request.output_format or _DEFAULT_FORMAT


def transcription_events(data: object, *, duration_s: float | None) -> Iterator[Event]:
    """The events of an answer, after its start.

    Args:
        data: JSON data.
        duration_s: Of the clip, for the bill where the vendor does not tell it.

    Raises:
        InvalidReplyError: It is no transcription.
    """
    results = mapping_of(mapping_of(data).get("results"))
    channels = mappings_of(results.get("channels"))
    heard = [(mappings_of(one.get("alternatives")) or [{}])[0] for one in channels]
    texts = [one["transcript"] for one in heard if isinstance(one.get("transcript"), str)]
    if not texts:
        raise LADDER.failures.invalid_reply("the reply is no transcription")
    if text := "\n".join(filter(None, texts)):
        yield TextDelta(text=text)
    for utterance in mappings_of(results.get("utterances")):
        yield from _segment(utterance, text_of(utterance.get("transcript")), is_word=False)
    for word in (word for one in heard for word in mappings_of(one.get("words"))):
        spelled = text_of(word.get("punctuated_word")) or text_of(word.get("word"))
        yield from _segment(word, spelled, is_word=True)
    language = text_of(channels[0].get("detected_language"))
    if language is not None:
        yield LanguageDetected(language=language_tag(language))
    billed_s = seconds_of(mapping_of(mapping_of(data).get("metadata")).get("duration"))
    billed_s = duration_s if billed_s is None else billed_s
    if billed_s is not None:
        yield UsageReported(usage=Usage(input_audio_s=billed_s))
    yield Finished()


def _segment(entry: Mapping[str, Any], text: str | None, *, is_word: bool) -> Iterator[Event]:
    if text is None:
        return
    speaker, sure = number_of(entry.get("speaker")), number_of(entry.get("confidence"))
    segment = Segment(
        text=text,
        start_s=seconds_of(entry.get("start")),
        end_s=seconds_of(entry.get("end")),
        speaker=None if speaker is None else f"{speaker:g}",
        is_word=is_word,
        confidence=sure if sure is not None and 0 <= sure <= 1 else None,
    )
    yield SegmentReported(segment=segment)


def _wire_format(form: AudioFormat) -> dict[str, object]:
    match (form.container, form.encoding):
        case ("raw", "pcm_s16le"):
            return {"encoding": "linear16", "container": "none", "sample_rate": form.sample_rate}
        case ("mp3", "mp3"):
            return {"encoding": "mp3", "bit_rate": form.bit_rate or 48_000}
        case ("ogg", "opus"):
            return {"encoding": "opus", "container": "ogg", "bit_rate": form.bit_rate or 64_000}
        case _:
            raise UnsupportedFormatError(
                f"the vendor does not give {form}",
                format=str(form),
                fix="Ask for raw pcm_s16le, mp3 or opus.",
            )


def _refuse(request: Request, fix: str) -> None:
    plain = "Leave it out; the vendor has no such setting."
    refuse_unsupported(
        request.model,
        (
            (request.instructions, "instructions", fix),
            (request.temperature is not None, "temperature", plain),
            (request.seed is not None, "seed", plain),
        ),
    )
