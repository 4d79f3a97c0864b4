"""The vendor's errors, translated once. Pure: statuses, headers and bodies in, errors out.

What `billed` says decides about repeating: `False`, surely not executed; `None`, may be executed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ossicle.errors import (
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
from ossicle.rest import Refusal, redact
from ossicle.words import without_quotes
from ossicle_gemini.error_body import ErrorBody, envelope_of_bytes
from ossicle_gemini.options import FAILURES, PROVIDER

_KEY_REASONS = {"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_NOT_FOUND", "CREDENTIALS_MISSING",
                "ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_TYPE_UNSUPPORTED"}  # fmt: skip
_SPENT = ("prepayment credits are depleted", "billing details", "limit: 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What of a call is needed to explain its failure.

    Attributes:
        model: The model that was asked.
        successor: Its successor, if known.
        key: The key that was sent; only ever used to take it out of texts.
        said: What the caller said in words; likewise.
    """

    model: str
    successor: str | None = None
    key: str | None = field(default=None, repr=False)
    said: tuple[str, ...] = field(default=(), repr=False)

    def explain(self, refusal: Refusal) -> OssicleError:
        """The error that a reply with a status other than 2xx means."""
        on_the_way = FAILURES.of_the_way(refusal)
        if on_the_way is not None:
            return on_the_way
        status, said = refusal.status, envelope_of_bytes(refusal.body)
        facts = _facts(status, said, self, FAILURES.request_id_of(refusal.headers))
        if status == 429 or status >= 500 or status in (408, 409):
            wait = said.retry_after_s or refusal.retry_after_s
            return _of_trouble(status, said, facts, self, wait)
        return _of_refusal(status, said, facts, self)


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
    inner = said.code if said.code is not None and 400 <= said.code < 600 else None
    facts = _facts(inner or status, said, call, request_id)
    if inner is not None and inner < 500 and inner not in (408, 409, 429):
        return _of_refusal(inner, said, facts, call)
    if inner == 429:
        error = _of_trouble(429, said, facts, call, said.retry_after_s)
    else:
        where = " in the middle of its answer" if started else ""
        error = ProviderUnavailableError(
            _says(f"the vendor failed{where}", said, call),
            **facts, fix="Ask again; it may have been billed.",
        )  # fmt: skip
    if started:
        error.retryable = False
    if isinstance(error, ProviderError):
        error.billed = None
    return error


def refused_content(what: str, *, request_id: str | None, reason: str) -> ContentRefusedError:
    """The error for a prompt or an answer that the vendor's policy blocked; status 200."""
    return ContentRefusedError(
        what,
        provider=PROVIDER,
        status=200,
        vendor_code=redact(reason)[:64],
        request_id=request_id,
        fix="Change what is sent, or the safety settings where your terms allow it.",
    )


def _facts(status: int, said: ErrorBody, call: CallFacts, request_id: str | None) -> dict[str, Any]:
    code = said.reason or said.status
    return {
        "provider": PROVIDER,
        "status": status,
        "vendor_code": None if code is None else redact(code, key=call.key)[:64],
        "param": None if said.field is None else redact(said.field, key=call.key),
        "request_id": request_id,
    }


def _of_trouble(
    status: int, said: ErrorBody, facts: dict[str, Any], call: CallFacts, wait: float | None
) -> OssicleError:
    """Too much, too early, or broken: what may go well another time."""
    if status == 429:
        if _is_spent(said):
            return QuotaExhaustedError(
                _says("the account's quota is spent (429)", said, call),
                **facts, billed=False,
                fix="Check the plan and billing of the project; daily quotas start anew at "
                "midnight, Pacific time.",
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
        **facts, retry_after_s=wait, fix="Ask again; whether it was billed is not known.",
    )  # fmt: skip


def _is_spent(said: ErrorBody) -> bool:
    """Whether waiting a little will not help: a daily quota, or no credit.

    Every 429 of the free tier speaks of billing details, so words only count where no quota is
    named.
    """
    if said.quotas:
        return any("PerDay" in quota for quota in said.quotas)
    text = said.message.lower()
    return said.retry_after_s is None and any(mark in text for mark in _SPENT)


def _of_refusal(
    status: int, said: ErrorBody, facts: dict[str, Any], call: CallFacts
) -> OssicleError:
    """What will not go well another time unless something changes."""
    if status == 401 or said.reason in _KEY_REASONS:
        return AuthenticationError(
            _says(f"the vendor refused the key ({status})", said, call),
            **facts, billed=False, fix="Check the key and that it is one of the Gemini API.",
        )  # fmt: skip
    if status == 402:
        return QuotaExhaustedError(
            _says("the account's credit is spent (402)", said, call),
            **facts, billed=False, fix="Add credit to the account.",
        )  # fmt: skip
    if status == 403 or said.status == "FAILED_PRECONDITION":
        return PermissionRefusedError(
            _says(f"the key or its project may not do this ({status})", said, call),
            **facts, billed=False,
            fix="Check the rights, the billing and the region of the key's project.",
        )  # fmt: skip
    if status == 404 and said.is_own:
        hint = f"Use {call.successor!r} instead." if call.successor else "Check the model's name."
        return ModelNotFoundError(
            _says(f"the endpoint has no model {call.model!r}", said, call),
            **facts, billed=False, fix=hint,
        )  # fmt: skip
    return RequestRefusedError(
        _says(f"the vendor calls the request invalid ({status})", said, call),
        **facts, billed=False, fix=_fix(status, said),
    )  # fmt: skip


_FIXES: tuple[tuple[str, str], ...] = (
    ("exceeds the maximum number of tokens", "Shorten the conversation or the audio."),
    ("payload size exceeds", "Send less audio at a time."),
    ("generate text, but it should only be used for tts", "Say in `instructions` how to read it."),
    ("mime type", "Convert the audio to WAV."),
    ("modalities", "Ask for text, or use a model whose name ends in -tts."),
    ("developer instruction", "Leave the instructions out, or use another model."),
    ("thought_signature", "Start a new conversation, or leave the old tool calls out."),
)


def _fix(status: int, said: ErrorBody) -> str:
    if status == 413:
        return "Send less audio at a time."
    if status == 404:
        return "Check base_url: this server may not have this endpoint."
    text = said.message.lower()
    return next((fix for mark, fix in _FIXES if mark in text),
                "Change the request as the vendor says.")  # fmt: skip


def _says(what: str, said: ErrorBody, call: CallFacts) -> str:
    message = redact(without_quotes(said.message[:20_000], call.said), key=call.key)
    return f"{what}: {message}" if message else what
