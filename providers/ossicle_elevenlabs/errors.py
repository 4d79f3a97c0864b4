"""What the vendor's errors mean, as data, and how its error body is read. Pure."""

from __future__ import annotations

from ossicle.rest import ErrorBody, ErrorLadder, Failures, field_errors, mapping_of, text_of
from ossicle_elevenlabs.options import PROVIDER


def read_error(data: object) -> ErrorBody | None:
    """The error in JSON data, or `None` when it holds none.

    Source:
        https://elevenlabs.io/docs/eleven-api/resources/errors: `detail` holds `type`, `code`,
        `message`, `param`; older answers have `status` in the place of `code`. A body that does
        not fit the schema is answered with 422 and a list (`HTTPValidationError`). Read 2026-11-26.
    """
    detail = mapping_of(data).get("detail")
    if isinstance(detail, str):
        return ErrorBody(message=detail, is_own=True)
    if not isinstance(detail, dict):
        return field_errors(detail)
    return ErrorBody(
        code=text_of(detail.get("code")) or text_of(detail.get("status")),
        kind=text_of(detail.get("type")),
        message=text_of(detail.get("message")) or "",
        param=text_of(detail.get("param")),
        is_own=True,
    )


LADDER = ErrorLadder(
    failures=Failures(provider=PROVIDER, request_id_headers=("request-id", "x-request-id")),
    read=read_error,
    meanings={
        **dict.fromkeys(("quota_exceeded", "insufficient_credits", "credits_exhausted"), "spent"),
        **dict.fromkeys(
            ("missing_permissions", "detected_unusual_activity", "subscription_required",
             "output_format_not_allowed", "voice_access_denied"), "denied"),
        **dict.fromkeys(("model_not_found", "invalid_model_id", "unsupported_model"), "model"),
        "content_against_policy": "content",
        "system_busy": "busy",
    },
    fixes={
        "spent": "Buy credits, or wait for the plan's next month.",
        "denied": "Check the key's permissions and the account's plan.",
        "content": "Change the text.",
        "key": "Check the key and that it is one of ElevenLabs.",
        "limited": "Wait, or send fewer at a time; a larger plan allows more.",
    },
    hints=(
        ("voice_not_found", "Give the id of a voice of your account, as "
         "https://elevenlabs.io/app/voice-library."),
        ("invalid_voice_id", "Give the id of a voice of your account, as "
         "https://elevenlabs.io/app/voice-library."),
        ("max_character_limit_exceeded", "Speak the text in parts."),
        ("text_too_long", "Speak the text in parts."),
    ),
)  # fmt: skip
