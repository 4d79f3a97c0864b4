"""What the errors of Google's interfaces (`google.rpc.Status`) mean, and how they are read. Pure.

Source: https://cloud.google.com/apis/design/errors, and replies of the Gemini API as quoted in
issues of google-gemini/gemini-cli (10925, 14831), read 2026-11-23.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ossicle.errors import ContentRefusedError
from ossicle.rest import (
    ErrorBody,
    ErrorLadder,
    Failures,
    bounded_wait,
    count_of,
    mapping_of,
    mappings_of,
    redact,
    text_of,
)
from ossicle_gemini.options import PROVIDER

_SECONDS = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)s")
_SPENT_WORDS = ("prepayment credits are depleted", "billing details", "limit: 0")
_SPENT = "spent quota"


def read_error(data: object) -> ErrorBody | None:
    """The error in JSON data, or `None` when it holds none.

    An error in place of a stream comes as a list with one object in it.
    """
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    inner = mapping_of(data).get("error")
    if not isinstance(inner, Mapping):
        return None
    details = {str(one.get("@type")).rpartition(".")[2]: one
               for one in reversed(mappings_of(inner.get("details")))}  # fmt: skip
    wait = duration_s(details.get("RetryInfo", {}).get("retryDelay"))
    blamed = _texts(details.get("BadRequest", {}).get("fieldViolations"), "field")
    message = text_of(inner.get("message")) or ""
    quotas = _texts(details.get("QuotaFailure", {}).get("violations"), "quotaId")
    return ErrorBody(
        code=text_of(details.get("ErrorInfo", {}).get("reason")) or text_of(inner.get("status")),
        kind=text_of(inner.get("status")),
        message=message,
        param=blamed[0] if blamed else None,
        status=count_of(inner.get("code")),
        retry_after_s=None if wait is None else bounded_wait(wait),
        marks=frozenset({_SPENT}) if _is_spent(message, quotas, wait) else frozenset(),
        is_own=True,
    )


def duration_s(value: object) -> float | None:
    """Seconds of a `google.protobuf.Duration` in JSON, such as `"34.07s"`; else `None`."""
    found = _SECONDS.fullmatch(value.strip()) if isinstance(value, str) else None
    return float(found[1]) if found else None


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


def _is_spent(message: str, quotas: list[str], wait: float | None) -> bool:
    """Whether waiting a little will not help: a daily quota, or no credit.

    Every 429 of the free tier speaks of billing details, so words only count where no quota is
    named.
    """
    if quotas:
        return any("PerDay" in quota for quota in quotas)
    text = message.lower()
    return wait is None and any(mark in text for mark in _SPENT_WORDS)


def _texts(items: Any, name: str) -> list[str]:
    return [text for item in mappings_of(items) if (text := text_of(item.get(name))) is not None]


LADDER = ErrorLadder(
    failures=Failures(
        provider=PROVIDER, request_id_headers=("x-request-id", "x-goog-request-id")
    ),
    read=read_error,
    meanings={
        **dict.fromkeys(
            ("API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_NOT_FOUND", "CREDENTIALS_MISSING",
             "ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "UNAUTHENTICATED"), "key"),
        **dict.fromkeys(("FAILED_PRECONDITION", "PERMISSION_DENIED"), "denied"),
        "NOT_FOUND": "model",
    },
    too_many={_SPENT: "spent"},
    fixes={
        "key": "Check the key and that it is one of the Gemini API.",
        "spent": "Check the plan and billing of the project; daily quotas start anew at "
        "midnight, Pacific time.",
        "denied": "Check the rights, the billing and the region of the key's project.",
    },
    hints=(
        ("exceeds the maximum number of tokens", "Shorten the conversation or the audio."),
        ("payload size exceeds", "Send less audio at a time."),
        ("generate text, but it should only be used for tts",
         "Say in `instructions` how to read it."),
        ("mime type", "Convert the audio to WAV."),
        ("modalities", "Ask for text, or use a model whose name ends in -tts."),
        ("developer instruction", "Leave the instructions out, or use another model."),
        ("thought_signature", "Start a new conversation, or leave the old tool calls out."),
    ),
)  # fmt: skip

FAILURES = LADDER.failures
