"""The transcription endpoint: from a request to form fields, from answers to events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ossicle.audio import AudioFormat
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import (
    Event,
    LanguageDetected,
    Request,
    Segment,
    SegmentReported,
    TextDelta,
    UsageReported,
)
from ossicle.rest import (
    CallErrors,
    language_code,
    mapping_of,
    mappings_of,
    number_of,
    probability_of,
    text_of,
)
from ossicle_openai.catalogue import TranscriptionFacts
from ossicle_openai.errors import FAILURES
from ossicle_openai.options import CallOptions
from ossicle_openai.usage import transcription_usage

_EXTENSIONS = {"ogg": "ogg", "mp4": "m4a", "matroska": "webm", "adts": "aac", "raw": "pcm"}
TEXT_FORMATS = frozenset({"text", "srt", "vtt"})
"""Response formats that are plain text."""


def file_name(form: AudioFormat) -> str:
    """A name by whose ending the vendor knows the format; it refuses files without one."""
    return f"audio.{_EXTENSIONS.get(form.container, form.container)}"


def transcription_fields(
    request: Request, *, options: CallOptions, facts: TranscriptionFacts
) -> dict[str, Any]:
    """The form fields beside the file; the richest response format unless one was asked for.

    Raises:
        UnsupportedFeatureError: The model does not take an option that was given.
    """
    _check_options(options, facts)
    form = options.response_format or facts.formats[0]
    streams = request.stream and facts.streams and form not in ("srt", "vtt", "verbose_json")
    fields: dict[str, Any] = {"model": request.model, "response_format": form}
    if request.language is not None:
        # The vendor takes ISO 639 codes: the first part of a BCP 47 tag.
        primary = language_code(request.language)
        if facts.language:
            fields["language"] = primary
        elif facts.languages:
            fields["languages"] = [primary]
    if options.languages:
        fields["languages"] = list(options.languages)
    prompt = options.prompt or request.instructions
    if prompt and facts.prompt:
        fields["prompt"] = prompt
    if options.keywords:
        fields["keywords"] = list(options.keywords)
    if request.temperature is not None:
        fields["temperature"] = request.temperature
    if options.logprobs:
        fields["include"] = ["logprobs"]
    if form == "verbose_json" and options.timestamps != "none":
        wanted = ["segment", "word"] if options.timestamps == "word" else ["segment"]
        fields["timestamp_granularities"] = wanted
    if facts.needs_chunking:
        fields["chunking_strategy"] = "auto"
    if options.known_speakers:
        fields["known_speaker_names"] = list(options.known_speakers)
        fields["known_speaker_references"] = list(options.known_speakers.values())
    if streams:
        fields["stream"] = True
    return fields | options.extra_body


def _check_options(options: CallOptions, facts: TranscriptionFacts) -> None:
    asked: tuple[tuple[str, object, bool], ...] = (
        ("prompt", options.prompt, facts.prompt),
        ("keywords", options.keywords, facts.keywords),
        ("languages", options.languages, facts.languages),
        ("logprobs", options.logprobs, facts.logprobs),
        ("known_speakers", options.known_speakers, facts.diarizes),
        ("word timestamps", options.timestamps == "word", facts.word_timestamps),
        (
            f"response_format {options.response_format}",
            options.response_format,
            options.response_format in facts.formats,
        ),
    )
    answers = ", ".join(facts.formats)
    for name, value, is_there in asked:
        if value and not is_there:
            raise UnsupportedFeatureError(
                f"this model has no {name} in transcriptions",
                feature=name,
                fix=f"Leave it out, or choose another model; it answers in {answers}.",
            )


def transcription_events(
    body: object, *, start_s: float = 0.0, request_id: str | None = None
) -> Iterator[Event]:
    """The events of a whole transcription.

    Args:
        body: JSON data, or the text of a plain format.
        start_s: Where the piece began in the whole audio; added to every time.
        request_id: The vendor's id of the request.

    Raises:
        InvalidReplyError: There is no text in it.
    """
    if isinstance(body, str):
        yield TextDelta(text=body)
        return
    body = mapping_of(body)
    text = body.get("text")
    if not isinstance(text, str):
        raise FAILURES.invalid_reply("the transcription holds no text", request_id=request_id)
    if text:
        yield TextDelta(text=text)
    yield from _language(body)
    for segment in mappings_of(body.get("segments")):
        yield from _segment(segment, start_s=start_s)
    for word in mappings_of(body.get("words")):
        yield from _segment(word, start_s=start_s, is_word=True)
    yield from _confidence(text, body.get("logprobs"))
    usage = transcription_usage(body.get("usage"))
    if usage is not None:
        yield UsageReported(usage=usage)


class TranscriptionStream:
    """Reads the events of one transcription stream, which is complete at `transcript.text.done`.

    Args:
        errors: Translates the vendor's errors.
        start_s: Where the piece began in the whole audio; added to every time.
        request_id: The vendor's id of the request.
    """

    def __init__(
        self, *, errors: CallErrors, start_s: float = 0.0, request_id: str | None = None
    ) -> None:
        self._errors, self._start_s, self._request_id = errors, start_s, request_id
        self._has_text = False
        self.is_complete = False

    def feed(self, event: object, /) -> Iterator[Event]:
        """The events of one event of the wire; unknown kinds are passed over.

        Raises:
            InvalidReplyError: It is no event.
            ProviderError: It is the vendor's error.
        """
        if not isinstance(event, Mapping):
            raise FAILURES.invalid_reply("an event of the transcription is no JSON object")
        self._errors.check(event, request_id=self._request_id, started=self._has_text)
        match event.get("type"):
            case "transcript.text.delta":
                delta = event.get("delta")
                if isinstance(delta, str) and delta:
                    self._has_text = True
                    yield TextDelta(text=delta)
            case "transcript.text.segment":
                yield from _segment(event, start_s=self._start_s)
            case "transcript.text.done":
                yield from self._end(event)

    def done(self) -> None:
        """Take `[DONE]`."""
        self.is_complete = True

    def finish(self) -> Iterator[Event]:
        """Nothing is kept back.

        Raises:
            StreamIncompleteError: The end mark has not come.
        """
        if not self.is_complete:
            raise FAILURES.incomplete(
                "the transcription ended without its end mark", request_id=self._request_id
            )
        return iter(())

    def _end(self, event: Mapping[str, Any]) -> Iterator[Event]:
        text = event.get("text")
        if isinstance(text, str) and text and not self._has_text:
            yield TextDelta(text=text)
        yield from _language(event)
        yield from _confidence(text, event.get("logprobs"))
        usage = transcription_usage(event.get("usage"))
        if usage is not None:
            yield UsageReported(usage=usage)
        self.is_complete = True


def _language(body: Mapping[str, Any]) -> Iterator[Event]:
    languages = body.get("languages")
    first = languages[0] if isinstance(languages, list) and languages else body.get("language")
    if isinstance(first, Mapping):
        first = first.get("code") or first.get("language")
    if isinstance(first, str) and first:
        yield LanguageDetected(language=first)


def _segment(
    item: Mapping[str, Any], *, start_s: float, is_word: bool = False
) -> Iterator[SegmentReported]:
    # LocalAI names a word's text like a segment's.
    text = item.get("word") if is_word and "word" in item else item.get("text")
    if not isinstance(text, str):
        return
    yield SegmentReported(
        segment=Segment(
            text=text,
            start_s=_time(item.get("start"), start_s),
            end_s=_time(item.get("end"), start_s),
            speaker=text_of(item.get("speaker")),
            is_word=is_word,
            confidence=probability_of(item.get("avg_logprob")),
        )
    )


def _confidence(text: object, logprobs: object) -> Iterator[SegmentReported]:
    """One segment with the mean probability of all tokens, where those were asked for."""
    if not isinstance(text, str) or not isinstance(logprobs, list) or not logprobs:
        return
    values = [number_of(item.get("logprob")) for item in mappings_of(logprobs)]
    known = [value for value in values if value is not None]
    mean = probability_of(sum(known) / len(known)) if known else None
    if mean is not None:
        yield SegmentReported(segment=Segment(text=text, confidence=mean))


def _time(value: object, start_s: float) -> float | None:
    seconds = number_of(value)
    return None if seconds is None else start_s + seconds
