"""What the errors of OpenAI and compatible servers mean, and how their bodies are read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ossicle.errors import AudioReferenceNotFoundError
from ossicle.rest import CallErrors, ErrorBody, ErrorLadder, Failures, field_errors, text_of
from ossicle_openai.options import PROVIDER

_MESSAGE_INDEX = re.compile(r"messages\.?\[(\d{1,6})\]")
_REFERENCE = re.compile(r"\baudio_[A-Za-z0-9_-]{1,128}")


def read_error(data: object) -> ErrorBody | None:
    """What an error body says.

    Shapes: `{"error": {…}}` (OpenAI), flat `{"message", "type", "code"}` (vLLM), `{"error":
    "text"}`, `{"detail": …}` (FastAPI), `{"success": false, "error": {"issues": […]}}` (Zod at
    OpenRouter).
    """
    if not isinstance(data, Mapping):
        return None
    inner = data.get("error", data)
    if isinstance(inner, str):
        return ErrorBody(message=inner, is_own=True)
    if not isinstance(inner, Mapping):
        return None
    message = inner.get("message")
    if not isinstance(message, str):
        detail = inner.get("detail") or inner.get("issues")
        fields = field_errors(detail)
        message = text_of(detail) or (fields.message if fields is not None else "")
    code, kind = _code(inner.get("code")), _code(inner.get("type"))
    if not message and code is None and kind is None:
        return None
    is_status = code is not None and re.fullmatch(r"[45]\d\d", code)
    return ErrorBody(
        code=code,
        kind=kind,
        message=message,
        param=_code(inner.get("param")),
        status=int(code) if code is not None and is_status else None,
        is_own=True,
    )


def read_error_in_answer(data: object) -> ErrorBody | None:
    """The error that stands where an answer should, or `None` when it is none."""
    if not isinstance(data, Mapping) or not (data.get("error") or data.get("object") == "error"):
        return None
    return read_error(data) or ErrorBody()


def _code(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_of(value)


def _reference_not_found(
    said: ErrorBody, facts: dict[str, Any], errors: CallErrors
) -> AudioReferenceNotFoundError | None:
    if said.code != "audio_not_found":
        return None
    index = None
    found = _MESSAGE_INDEX.search(said.param or "")
    if found and int(found[1]) < len(errors.origins):
        index = errors.origins[int(found[1])]
    reference = _REFERENCE.search(said.message)
    facts = {name: value for name, value in facts.items() if name != "billed"}
    return AudioReferenceNotFoundError(
        "the vendor no longer knows the audio of an earlier turn"
        + (f" (message {index} of the request)" if index is not None else ""),
        **facts,
        reference_id=reference[0].rstrip(".") if reference else None,
        message_index=index,
        fix="Send that turn's transcript instead of its audio id.",
    )


LADDER = ErrorLadder(
    failures=Failures(
        provider=PROVIDER, request_id_headers=("x-request-id", "apim-request-id", "cf-ray")
    ),
    read=read_error,
    read_in_answer=read_error_in_answer,
    special=_reference_not_found,
    meanings={
        **dict.fromkeys(
            ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
             "account_deactivated", "quota_exceeded"), "spent"),
        **dict.fromkeys(
            ("content_policy_violation", "content_filter", "moderation_blocked",
             "safety_violation"), "content"),
        **dict.fromkeys(
            ("rate_limit_exceeded", "rate_limit_error", "requests", "tokens"), "limited"),
        **dict.fromkeys(
            ("model_not_found", "model_not_supported", "DeploymentNotFound"), "model"),
        **dict.fromkeys(
            ("invalid_api_key", "invalid_authentication", "invalid_organization"), "key"),
    },
    hints=(
        ("string_too_long", "Send a shorter text."),
        ("at most 4096 characters", "Send a shorter text."),
        ("maximum input limit", "Send a shorter text."),
        ("is longer than", "Send shorter audio."),
        ("audio duration", "Send shorter audio."),
        ("too short", "Send at least 0.1 s of audio."),
        ("json_schema", "Leave structured output out: audio models do not have it."),
        ("contain audio", "Send audio, ask for audio, or use a text model."),
        ("input_audio", "Send the audio as 16-bit WAV, to a model that hears."),
        ("does not support the format", "Convert the audio to WAV."),
        ("stream=true", "Ask for pcm16 when streaming."),
        ("requires stream", "Stream the answer."),
        ("file format", "Convert the audio to WAV."),
        ("corrupted or unsupported", "Convert the audio to WAV."),
        ("could not be decoded", "Convert the audio to WAV."),
        ("context_length", "Shorten the conversation."),
    ),
)  # fmt: skip

FAILURES = LADDER.failures
