"""The vendor's errors, translated once. Pure: statuses, headers and bodies in, errors out.

What `billed` says decides about repeating: `False`, surely not executed; `None`, may be executed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ossicle.errors import (
    AudioReferenceNotFoundError,
    AuthenticationError,
    ContentRefusedError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.rest import Refusal, http_date_s, redact
from ossicle.words import without_quotes
from ossicle_openai.error_body import ErrorBody, envelope_of_bytes
from ossicle_openai.options import FAILURES, PROVIDER
from ossicle_openai.retry_after import retry_after_s

_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
          "account_deactivated", "quota_exceeded"}  # fmt: skip
_CONTENT = {"content_policy_violation", "content_filter", "moderation_blocked", "safety_violation"}
_RATE = {"rate_limit_exceeded", "rate_limit_error", "requests", "tokens", "429"}
_MODEL = {"model_not_found", "model_not_supported", "DeploymentNotFound"}
_KEY = {"invalid_api_key", "invalid_authentication", "invalid_organization"}
_MESSAGE_INDEX = re.compile(r"messages\.?\[(\d{1,6})\]")
_REFERENCE = re.compile(r"\baudio_[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What of a call is needed to explain its failure.

    Attributes:
        model: The model that was asked.
        successor: Its successor, if known.
        endpoint: Name of the endpoint profile.
        key: The key that was sent; only ever used to take it out of texts.
        said: What the caller said in words; likewise.
        origins: For each message on the wire, the index of the request's message it stands for.
        failed_requests_are_billed: As the endpoint's profile says.
    """

    model: str
    successor: str | None = None
    endpoint: str = "openai"
    key: str | None = field(default=None, repr=False)
    said: tuple[str, ...] = field(default=(), repr=False)
    origins: tuple[int | None, ...] = ()
    failed_requests_are_billed: bool | None = None

    def explain(self, refusal: Refusal) -> OssicleError:
        """The error that a reply with a status other than 2xx means."""
        on_the_way = FAILURES.of_the_way(refusal)
        if on_the_way is not None:
            return on_the_way
        status, said = refusal.status, envelope_of_bytes(refusal.body)
        facts: dict[str, Any] = {
            "provider": PROVIDER,
            "status": status,
            "vendor_code": _code(said, self),
            "param": said.param and redact(said.param, key=self.key),
            "request_id": FAILURES.request_id_of(refusal.headers),
        }
        if status == 429 or status >= 500 or status in (408, 409):
            now_s = http_date_s(refusal.headers.get("date", "")) or refusal.now_s
            wait = retry_after_s(refusal.headers, now_s=now_s)
            return _error_of_trouble(status, said, facts, self, wait)
        return _error_of_refusal(status, said, facts, self)


def error_in_answer(
    said: ErrorBody, *, status: int, request_id: str | None, call: CallFacts, started: bool
) -> OssicleError:
    """The error that stands where an answer should: in a body with status 200, or in a stream.

    Args:
        said: What it says.
        status: HTTP status that came with it.
        request_id: The vendor's id of the request.
        call: What was asked.
        started: Whether a part of the answer came before it.
    """
    inner = int(said.code) if said.code and re.fullmatch(r"[45]\d\d", said.code) else None
    facts: dict[str, Any] = {
        "provider": PROVIDER,
        "status": inner or status,
        "vendor_code": _code(said, call),
        "param": said.param and redact(said.param, key=call.key),
        "request_id": request_id,
    }
    marks = {said.code, said.type}
    if inner is not None and 400 <= inner < 500 and inner not in (408, 409, 429):
        return _error_of_refusal(inner, said, facts, call)
    if marks & _CONTENT:
        return ContentRefusedError(_says("the vendor refused the content", said, call), **facts)
    if marks & _QUOTA:
        return QuotaExhaustedError(_says("the account's quota is spent", said, call), **facts)
    if inner == 429 or marks & _RATE:
        error: ProviderError = RateLimitedError(_says("too many requests", said, call), **facts)
    else:
        error = ProviderUnavailableError(
            _says(f"the vendor failed {'in the middle of its answer' if started else ''}".strip(),
                  said, call),
            **facts,
            fix="Ask again; it may have been billed.",
        )  # fmt: skip
    error.billed = None
    error.retryable = not started
    return error


def _error_of_trouble(
    status: int, said: ErrorBody, facts: dict[str, Any], call: CallFacts, wait: float | None
) -> OssicleError:
    """Too much, too early, or broken: what may go well another time."""
    marks = {said.code, said.type}
    if status == 429:
        if marks & _QUOTA:
            return QuotaExhaustedError(
                _says("the account's quota is spent (429)", said, call),
                **facts, billed=False, fix="Check the plan and billing of the account.",
            )  # fmt: skip
        return RateLimitedError(
            _says("too many requests (429)", said, call),
            **facts, billed=False, retry_after_s=wait, fix="Wait, or send fewer at a time.",
        )  # fmt: skip
    if status in (503, 529):
        return ProviderUnavailableError(
            _says(f"the vendor is overloaded ({status})", said, call),
            **facts, billed=False, retry_after_s=wait, fix="Wait and ask again.",
        )  # fmt: skip
    if not said.is_own:
        error = FAILURES.ambiguous(
            f"something between here and the vendor answered {status}",
            status=status,
            request_id=facts["request_id"],
        )
        error.retry_after_s = wait
        return error
    return ProviderUnavailableError(
        _says(f"the vendor failed ({status})", said, call),
        **facts,
        billed=False if call.failed_requests_are_billed is False else None,
        retry_after_s=wait,
        fix="Ask again; whether it was billed is not known.",
    )


def _error_of_refusal(
    status: int, said: ErrorBody, facts: dict[str, Any], call: CallFacts
) -> OssicleError:
    """What will not go well another time unless something changes."""
    marks = {said.code, said.type}
    if said.code == "audio_not_found":
        return _reference_not_found(said, facts, call)
    if status == 401 or said.code in _KEY:
        return AuthenticationError(
            _says(f"the {call.endpoint} endpoint refused the key ({status})", said, call),
            **facts, billed=False, fix="Check the key and that it belongs to this endpoint.",
        )  # fmt: skip
    if marks & _CONTENT:
        return ContentRefusedError(
            _says("the vendor's content policy refused the request", said, call),
            **facts, billed=False, fix="Change what is sent.",
        )  # fmt: skip
    if status == 402 or marks & _QUOTA:
        return QuotaExhaustedError(
            _says(f"the account's credit is spent ({status})", said, call),
            **facts, billed=False, fix="Add credit to the account.",
        )  # fmt: skip
    if marks & _MODEL:
        hint = f"Use {call.successor!r} instead." if call.successor else "Check the model's name."
        return ModelNotFoundError(
            _says(f"the endpoint has no model {call.model!r}", said, call),
            **facts, billed=False, fix=hint,
        )  # fmt: skip
    if status == 403:
        return PermissionRefusedError(
            _says("the key may not do this (403)", said, call),
            **facts, billed=False, fix="Check the rights of the key and its project.",
        )  # fmt: skip
    return RequestRefusedError(
        _says(f"the vendor calls the request invalid ({status})", said, call),
        **facts,
        billed=False,
        fix=_fix(status, said),
    )


def _reference_not_found(
    said: ErrorBody, facts: dict[str, Any], call: CallFacts
) -> AudioReferenceNotFoundError:
    index = None
    found = _MESSAGE_INDEX.search(said.param or "")
    if found and int(found[1]) < len(call.origins):
        index = call.origins[int(found[1])]
    reference = _REFERENCE.search(said.message)
    return AudioReferenceNotFoundError(
        "the vendor no longer knows the audio of an earlier turn"
        + (f" (message {index} of the request)" if index is not None else ""),
        **facts,
        reference_id=reference[0].rstrip(".") if reference else None,
        message_index=index,
        fix="Send that turn's transcript instead of its audio id.",
    )


_FIXES: tuple[tuple[str, str], ...] = (
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
)


def _fix(status: int, said: ErrorBody) -> str:
    if status == 413:
        return "Send less audio at a time."
    if status == 404:
        return "Check base_url: this server may not have this endpoint."
    text = f"{said.code} {said.type} {said.message}".lower()
    for mark, fix in _FIXES:
        if mark in text:
            return fix
    return "Change the request as the vendor says."


def _code(said: ErrorBody, call: CallFacts) -> str | None:
    code = said.code or said.type
    return None if code is None else redact(code, key=call.key)[:64]


def _says(what: str, said: ErrorBody, call: CallFacts) -> str:
    message = redact(without_quotes(said.message[:20_000], call.said), key=call.key)
    return f"{what}: {message}" if message else what
