"""`POST /speech-to-text`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ossicle.errors import MalformedAudioError
from ossicle_testing.vendors.audio import decode_audio
from ossicle_testing.vendors.elevenlabs.bodies import HEARING
from ossicle_testing.vendors.elevenlabs.errors import invalid_body, model_not_found, refused
from ossicle_testing.vendors.elevenlabs.models import MODELS
from ossicle_testing.vendors.elevenlabs.state import State
from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.multipart import FormPart, parse_form
from ossicle_testing.vendors.schema import first_problem

_FLAGS = {"true": True, "false": False}
_WHOLE = ("num_speakers", "seed")


def transcribe(state: State, request: Request) -> Response:
    """Write down what is said.

    Raises:
        RefusedError: The request is refused.
    """
    if request.query not in ("", "enable_logging=true", "enable_logging=false"):
        raise refused("invalid_parameters", "Unknown query.")
    fields, file = _form(request)
    problem = first_problem(HEARING, fields)
    if problem is not None:
        raise invalid_body(problem)
    model = MODELS.get(fields["model_id"])
    if model is None or model.kind != "hearing":
        raise model_not_found(fields["model_id"])
    try:
        samples, sample_rate = decode_audio(file.data)
    except MalformedAudioError as error:
        raise refused(
            "invalid_audio", "The file is corrupted. Please ensure it is playable audio."
        ) from error
    text = state.speech_models.hear(samples, sample_rate)
    duration_s = len(samples) / sample_rate
    body: dict[str, Any] = {
        "language_code": fields.get("language_code") or "eng",
        "language_probability": 0.98,
        "text": text,
        "words": list(_words(text, fields, duration_s)),
        "transcription_id": state.speech_models.new_id(digits=20),
        "audio_duration_secs": duration_s,
    }
    bill = Bill(seconds=duration_s, amount=Decimal(duration_s) * model.price / 3600)
    return replace(json_response(body), executed=True, bill=bill)


def _form(request: Request) -> tuple[dict[str, Any], FormPart]:
    """The form's texts with their types, and its file."""
    try:
        parts = parse_form(request.body, request.header("content-type") or "")
    except ValueError as error:
        raise refused("invalid_form", "The body is no multipart form.", status=422) from error
    fields: dict[str, Any] = {}
    files = []
    for part in parts:
        if part.name == "file" and part.filename is not None:
            files.append(part)
            continue
        value = _typed(part.name, part.data.decode("utf-8"))
        if part.name == "keyterms":
            fields.setdefault("keyterms", []).append(value)
        elif part.name in fields:
            raise refused("invalid_form", "A field stands twice.", status=422)
        else:
            fields[part.name] = value
    if len(files) != 1:
        raise refused(
            "missing_file", "Exactly one of file or cloud_storage_url is needed.", status=422
        )
    return fields, files[0]


def _typed(name: str, text: str) -> Any:
    if name in ("tag_audio_events", "diarize"):
        return _FLAGS.get(text, text)
    try:
        if name in _WHOLE:
            return int(text)
        return float(text) if name == "temperature" else text
    except ValueError:
        return text


def _words(text: str, fields: dict[str, Any], duration_s: float) -> Iterator[dict[str, Any]]:
    """Words evenly spread over the audio, with what stands between them."""
    words = text.split() if fields.get("timestamps_granularity", "word") != "none" else []
    step = duration_s / max(1, len(words))
    for index, word in enumerate(words):
        entry = {"type": "word", "logprob": -0.1, "speaker_id": None}
        if fields.get("diarize"):
            entry["speaker_id"] = "speaker_0"
        start = round(index * step, 3)
        if index:
            yield {**entry, "text": " ", "type": "spacing", "start": start, "end": start}
        yield {**entry, "text": word, "start": start, "end": round((index + 1) * step, 3)}
