"""A transcription request, checked as strictly as the vendor does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ossicle.errors import MalformedAudioError
from ossicle_testing.vendors.audio import decode_audio
from ossicle_testing.vendors.http import Request
from ossicle_testing.vendors.multipart import FormPart, parse_form
from ossicle_testing.vendors.openai.bodies import transcription_schema
from ossicle_testing.vendors.openai.chat_request import find_model, parse_json
from ossicle_testing.vendors.openai.errors import ApiError
from ossicle_testing.vendors.openai.models import VendorModel
from ossicle_testing.vendors.openai.schema_errors import refuse_problems
from ossicle_testing.vendors.openai.state import State
from ossicle_testing.vendors.tones import Samples

MAX_BODY_BYTES = 26_214_400
MAX_DURATION_S = 1400
MIN_DURATION_S = 0.1
MAX_UNCHUNKED_S = 30

EXTENSIONS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")

_LISTS = frozenset({
    "languages", "keywords", "include", "timestamp_granularities", "known_speaker_names",
    "known_speaker_references",
})  # fmt: skip

_FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "gpt-transcribe": ("json", "text"),
    "gpt-4o-transcribe": ("json", "text"),
    "gpt-4o-mini-transcribe": ("json", "text"),
    "gpt-4o-mini-transcribe-2025-12-15": ("json", "text"),
    "gpt-4o-transcribe-diarize": ("json", "text", "diarized_json"),
    "whisper-1": ("json", "text", "srt", "verbose_json", "vtt"),
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """What a checked request asks for.

    Attributes:
        model: Which model.
        samples: The audio, mono.
        sample_rate: In Hz.
        format: Format of the answer.
        stream: Whether to stream.
        fields: The form's other fields, lists as lists.
    """

    model: VendorModel
    samples: Samples
    sample_rate: int
    format: str
    stream: bool
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def is_diarized(self) -> bool:
        """Whether the model tells speakers apart."""
        return self.model.id.endswith("-diarize")


def parse_hearing(state: State, request: Request) -> TranscriptionRequest:
    """The request, or the vendor's error.

    Raises:
        ApiError: It breaks a rule.
    """
    if len(request.body) > MAX_BODY_BYTES:
        # The type lies; the SDK does not repeat it all the same.
        raise ApiError(
            f"Maximum content size limit ({MAX_BODY_BYTES}) exceeded ({len(request.body)} bytes "
            "read)",
            status=413,
            kind="server_error",
        )
    fields, data, filename = _read(state, request)
    fields.setdefault("model", request.params.get("deployment"))
    if fields["model"] is None:
        del fields["model"]
    refuse_problems(transcription_schema(), fields, is_strict=state.quirks.is_strict)
    model = find_model(state, fields["model"])
    if model.kind != "transcription" and not state.quirks.any_model:
        raise ApiError(f"The model `{model.id}` is not supported for this endpoint.", status=404,
                       code="model_not_found")  # fmt: skip
    _check_extension(model, filename)
    named = fields.get("response_format", state.quirks.hearing_default_format)
    _check_fields(state, model, fields, named)
    samples, sample_rate = _decoded(model, data)
    asked = TranscriptionRequest(
        model=model, samples=samples, sample_rate=sample_rate, format=named, fields=fields,
        stream=bool(fields.get("stream")) and state.quirks.hearing_streams
        and model.id != "whisper-1",
    )  # fmt: skip
    _check_duration(asked)
    return asked


def formats_of(state: State, model: VendorModel) -> tuple[str, ...]:
    """The formats that a model answers in."""
    if state.quirks.hearing_formats is not None:
        return tuple(sorted(state.quirks.hearing_formats))
    return _FORMATS.get(model.id, ("json", "text", "srt", "verbose_json", "vtt"))


def _read(state: State, request: Request) -> tuple[dict[str, Any], bytes, str]:
    content_type = request.header("content-type") or ""
    if state.quirks.hearing_json_body and content_type.startswith("application/json"):
        body = parse_json(request)
        audio = body.pop("input_audio", None)
        if not isinstance(audio, dict):
            raise _missing("input_audio")
        try:
            data = base64.b64decode(audio.get("data", ""), validate=True)
        except binascii.Error as error:
            raise _corrupted() from error
        return body, data, f"audio.{audio.get('format', 'wav')}"
    try:
        parts = parse_form(request.body, content_type)
    except ValueError as error:
        raise ApiError("Could not parse multipart form") from error
    files = [part for part in parts if part.name == "file"]
    if not files:
        raise _missing("file")
    return _form_fields(parts), files[0].data, files[0].filename or ""


def _form_fields(parts: list[FormPart]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in parts:
        if part.name == "file":
            continue
        text = part.data.decode("utf-8", errors="replace")
        name, bracket, inner = part.name.partition("[")
        if name in _LISTS:
            fields.setdefault(name, []).append(text)
        elif bracket and inner != "]":
            fields.setdefault(name, {})[inner.rstrip("]")] = _typed(text)
        else:
            fields[name] = text
    if "temperature" in fields:
        fields["temperature"] = _typed(fields["temperature"])
    if fields.get("stream") in ("true", "false"):
        fields["stream"] = fields["stream"] == "true"
    return fields


def _typed(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _missing(name: str) -> ApiError:
    return ApiError(
        f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
    )


def _corrupted() -> ApiError:
    return ApiError(
        "Audio file might be corrupted or unsupported", param="file", code="invalid_value"
    )


def _check_extension(model: VendorModel, filename: str) -> None:
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""
    if extension in EXTENSIONS:
        return
    if model.id == "whisper-1":
        raise ApiError(f"Invalid file format. Supported formats: {list(EXTENSIONS)}")
    raise ApiError(
        f"Unsupported file format {extension or filename}", param="file", code="unsupported_value"
    )


def _check_fields(state: State, model: VendorModel, fields: dict[str, Any], named: str) -> None:
    allowed = formats_of(state, model)
    if named not in allowed:
        names = " or ".join(f"'{name}'" for name in allowed)
        raise ApiError(
            f"response_format '{named}' is not compatible with model '{model.id}'. Use {names} "
            "instead.",
            param="response_format",
            code="unsupported_value",
        )
    if state.quirks.any_model:
        return
    is_new, is_diarized = model.id == "gpt-transcribe", model.id.endswith("-diarize")
    has_logprobs = "-transcribe" in model.id and not is_new and not is_diarized
    refused = {
        "keywords": not is_new,
        "languages": not is_new,
        "prompt": is_diarized,
        "include": not has_logprobs or named != "json",
        "timestamp_granularities": model.id != "whisper-1" or named != "verbose_json",
        "known_speaker_names": not is_diarized,
        "known_speaker_references": not is_diarized,
    }
    for name, is_refused in refused.items():
        if is_refused and fields.get(name):
            raise ApiError(
                f"'{name}' is not supported with model '{model.id}' and response_format '{named}'.",
                param=name,
                code="unsupported_value",
            )
    if len(fields.get("known_speaker_names", ())) != len(
        fields.get("known_speaker_references", ())
    ):
        raise ApiError(
            "'known_speaker_names' and 'known_speaker_references' must have the same length.",
            param="known_speaker_references",
            code="invalid_value",
        )


def _decoded(model: VendorModel, data: bytes) -> tuple[Samples, int]:
    try:
        return decode_audio(data)
    except MalformedAudioError as error:
        if model.id == "whisper-1":
            raise ApiError(
                "The audio file could not be decoded or its format is not supported."
            ) from error
        raise _corrupted() from error


def _check_duration(asked: TranscriptionRequest) -> None:
    duration_s, name = asked.duration_s, asked.model.id
    if duration_s < MIN_DURATION_S:
        raise ApiError(
            "Audio file is too short. Minimum audio length is 0.1 seconds.",
            param="file",
            code="audio_too_short",
        )
    if name.startswith("gpt-4o-") and duration_s > MAX_DURATION_S:
        raise ApiError(
            f"audio duration {duration_s:.2f} seconds is longer than {MAX_DURATION_S} seconds "
            "which is the maximum for this model",
            code="invalid_value",
        )
    needs_chunks = asked.is_diarized and duration_s > MAX_UNCHUNKED_S
    if needs_chunks and not asked.fields.get("chunking_strategy"):
        raise ApiError(
            "chunking_strategy is required for diarization models",
            param="chunking_strategy",
            code="missing_required_parameter",
        )
