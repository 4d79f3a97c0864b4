"""Why a candidate ended (`finishReason`), and which endings are none of an answer. Pure.

Source: `Candidate.FinishReason` in https://ai.google.dev/api/generate-content and the types of
google-genai 3.4.0, read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping

from ossicle.errors import PermissionRefusedError
from ossicle.messages.events import FinishReason
from ossicle.rest import redact
from ossicle_gemini.errors import FAILURES, refused_content
from ossicle_gemini.options import PROVIDER

_BLOCKED = ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
            "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION",
            "MODEL_ARMOR")  # fmt: skip
_BROKEN = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
           "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE")  # fmt: skip

REASONS: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(_BLOCKED, "content_filter"),
}
"""What the vendor's reasons mean; those we do not know count as `stop`."""


def raise_if_useless(ending: str, *, has_content: bool, request_id: str | None) -> None:
    """Refuse an ending that leaves nothing to use.

    An answer that is blocked after a part of it came keeps that part.

    Raises:
        ContentRefusedError: All of it was blocked.
        PermissionRefusedError: The account was limited.
        InvalidReplyError: The model broke off, or said nothing at all.
    """
    named = redact(ending)[:40]
    if ending == "PUP_LIMITED_DISABLED":
        raise PermissionRefusedError(
            "the vendor limited or disabled the account",
            provider=PROVIDER, status=200, vendor_code=named, request_id=request_id,
            fix="Read the vendor's policy on prohibited use.",
        )  # fmt: skip
    if ending in _BROKEN:
        raise FAILURES.invalid_reply(f"the model broke off ({named})", request_id=request_id)
    if has_content:
        return
    if ending in _BLOCKED:
        raise refused_content(
            "the vendor's policy blocked the answer", request_id=request_id, reason=ending
        )
    if ending not in ("MAX_TOKENS", "CONTINUATION"):
        # Speech models are known for OTHER with nothing in it, billed all the same.
        # Source: https://github.com/google-gemini/cookbook/issues/1231, read 2026-11-23.
        raise FAILURES.invalid_reply(f"the reply is empty ({named})", request_id=request_id)
