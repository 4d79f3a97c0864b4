"""What OpenAI's models can do: dated data (`catalogue.json`), and cautious guesses for the rest."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from ossicle.abc import Capabilities
from ossicle.messages import CHAT_AUDIO_ROWS, SPEAK, TEXT_TO_TEXT, Task, Value
from ossicle.rest import Catalogue, ModelRecord, assumed_like
from ossicle_openai.options import PROVIDER
from ossicle_openai.profiles import EndpointProfile

SPEECH_MODEL = "gpt-4o-mini-tts"
CHAT_MODEL = "gpt-audio-1.5"
TRANSCRIPTION_MODEL = "gpt-transcribe"

_FORM_BYTES = 65_536
"""What the fields of a form may take beside the file."""

_ONLY_VENDORS = ("gpt-audio", "gpt-4o-", "gpt-transcribe")
"""How names begin that only OpenAI and its resellers use."""


class SpeechFacts(Value):
    """What `/audio/speech` takes and gives for one model.

    Attributes:
        piece_chars: Code points of text in one request.
        piece_tokens: Tokens of text in one request, by our cautious estimate.
        streams_events: Whether it can stream events that end with usage.
    """

    piece_chars: int
    piece_tokens: int | None = None
    streams_events: bool = False


class TranscriptionFacts(Value):
    """What `/audio/transcriptions` takes and gives for one model.

    Attributes:
        formats: Response formats, richest first.
        streams: Whether it can stream.
        logprobs: Whether it reports log probabilities.
        prompt: Whether it takes a prompt.
        keywords: Whether it takes keywords.
        language: Whether it takes the language.
        languages: Whether it takes several languages.
        word_timestamps: Whether it can time words.
        diarizes: Whether it tells speakers apart.
        needs_chunking: Whether `chunking_strategy` is required for more than 30 s.
        max_bytes: Of one file; longer WAV is split.
        max_duration_s: Of one file; longer WAV is split.
    """

    formats: tuple[str, ...]
    streams: bool = False
    logprobs: bool = False
    prompt: bool = False
    keywords: bool = False
    language: bool = False
    languages: bool = False
    word_timestamps: bool = False
    diarizes: bool = False
    needs_chunking: bool = False
    max_bytes: int = 26_148_864
    max_duration_s: float | None = None


class OpenAIModel(ModelRecord):
    """All that is known of one model.

    Attributes:
        speech: What the speech endpoint takes; `None` for models that speak by chat or not.
        transcription: What the transcription endpoint takes.
    """

    speech: SpeechFacts | None = None
    transcription: TranscriptionFacts | None = None


def default_models(today: datetime.date) -> dict[Task, str]:
    """The model of each task when the user names none; a model that has ended gives way."""
    speech = CATALOGUE.known()[SPEECH_MODEL].capabilities
    ended = speech.shutdown is not None and today > speech.shutdown
    return {
        "respond": CHAT_MODEL,
        "speak": (speech.successor or CHAT_MODEL) if ended else SPEECH_MODEL,
        "transcribe": TRANSCRIPTION_MODEL,
    }


def all_capabilities() -> list[Capabilities]:
    """Every model of OpenAI that is described."""
    return [_bounded(record).capabilities for record in CATALOGUE.known().values()]


def successor_of(model: str) -> str | None:
    """The model that replaces this one, if it is known to end."""
    record = CATALOGUE.known().get(model)
    return None if record is None else record.capabilities.successor


def record_for(model: str, profile: EndpointProfile) -> OpenAIModel:
    """What this model can do at this kind of endpoint; an assumption where it is not described."""
    # Other servers name their models as they like, so no name is refused.
    known = CATALOGUE.known()
    record = _bounded(known[model]) if model in known else _assumed(model, known)
    return record if profile.is_openai else _elsewhere(record, profile)


def _bounded(record: OpenAIModel) -> OpenAIModel:
    """The vendor's limits on every format but WAV, which this provider cuts by itself."""
    given, facts = record.capabilities, record.transcription
    if given.audio_input is None or facts is None:
        return record
    limits = {"max_bytes": facts.max_bytes - _FORM_BYTES, "max_duration_s": facts.max_duration_s}
    formats = tuple(
        rule if rule.container == "wav" else rule.model_copy(update=limits)
        for rule in given.audio_input.formats
    )
    audio_input = given.audio_input.model_copy(update={"formats": formats})
    return record.model_copy(
        update={"capabilities": given.model_copy(update={"audio_input": audio_input})}
    )


def _assumed(model: str, known: Mapping[str, OpenAIModel]) -> OpenAIModel:
    """A cautious guess by the kind of name: most refuse less than a wrong guess would."""
    base = _bounded(known[next(guess for fits, guess in _GUESSES if fits(model.lower()))])
    given = base.capabilities
    cautious: dict[str, Any] = {"voices": None}
    if "respond" in given.rows:
        # A text model behind the same endpoint takes text to text; only the vendor knows.
        cautious["rows"] = {"respond": (*CHAT_AUDIO_ROWS, TEXT_TO_TEXT), "speak": (SPEAK,)}
    else:
        cautious["context_tokens"] = given.context_tokens
        cautious["max_output_tokens"] = given.max_output_tokens
    transcription = base.transcription
    if transcription is not None:
        transcription = TranscriptionFacts(formats=("json",), prompt=True, language=True)
        cautious["streaming"] = False
    return OpenAIModel(
        capabilities=assumed_like(given, model, **cautious),
        speech=base.speech and SpeechFacts(piece_chars=4096, piece_tokens=2000),
        transcription=transcription,
    )


_GUESSES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: "transcribe" in name or "whisper" in name, "whisper-1"),
    (lambda name: "tts" in name or "kokoro" in name or "piper" in name, "gpt-4o-mini-tts"),
    (lambda name: True, "gpt-audio-1.5"),
)


def _elsewhere(record: OpenAIModel, profile: EndpointProfile) -> OpenAIModel:
    """The same name at another endpoint: its dates do not hold there, its audio may differ."""
    given = record.capabilities
    if profile.name == "generic" and given.model.startswith(_ONLY_VENDORS):
        # A gateway in front of the vendor. Names such as `whisper-1` prove nothing: many servers
        # give them to models of their own.
        return record
    changes: dict[str, Any] = {
        "is_assumed": True,
        "shutdown": None,
        "successor": None,
        "failed_requests_are_billed": profile.failed_requests_are_billed,
        "source": f"{given.source}; by its name at a {profile.name} endpoint",
    }
    output = given.audio_output
    if profile.name != "generic":
        changes |= {"voices": None, "prices": None}
    if output is not None and "respond" in given.rows and profile.streams_only_audio:
        changes["audio_output"] = output.model_copy(update={"whole": ()})
    speech = record.speech
    if speech is not None and output is not None:
        speech = speech.model_copy(
            update={"streams_events": speech.streams_events and profile.speech_streams_events}
        )
        if profile.speech_formats is not None:
            offered = profile.speech_formats
            whole = tuple(rule for rule in output.whole if speech_format(rule.container) in offered)
            changes["audio_output"] = output.model_copy(update={"whole": whole})
    transcription = record.transcription
    if transcription is not None:
        formats = profile.transcription_formats or transcription.formats
        streams = transcription.streams and profile.transcription_streams
        transcription = transcription.model_copy(update={"formats": formats, "streams": streams})
        changes["streaming"] = streams
    return OpenAIModel(
        capabilities=given.model_copy(update=changes), speech=speech, transcription=transcription
    )


CATALOGUE = Catalogue(
    "ossicle_openai",
    provider=PROVIDER,
    record=OpenAIModel,
    assume=_assumed,
    example=CHAT_MODEL,
)


def speech_format(container: str) -> str:
    """The name of a container in the speech endpoint's dialect."""
    return {"raw": "pcm", "ogg": "opus", "adts": "aac"}.get(container, container)
