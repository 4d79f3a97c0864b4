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
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.rest import Refusal, redact
from ossicle.words import without_quotes
from ossicle_elevenlabs.error_body import ErrorBody, envelope_of_bytes
from ossicle_elevenlabs.options import FAILURES, PROVIDER

_SPENT = frozenset({"quota_exceeded", "insufficient_credits", "credits_exhausted"})
_DENIED = frozenset({"missing_permissions", "detected_unusual_activity", "subscription_required",
                     "output_format_not_allowed", "voice_access_denied"})  # fmt: skip
_NO_MODEL = frozenset({"model_not_found", "invalid_model_id", "unsupported_model"})
_NO_VOICE = frozenset({"voice_not_found", "invalid_voice_id"})
_REFUSED = frozenset({"content_against_policy"})
_TOO_LONG = frozenset({"max_character_limit_exceeded", "text_too_long"})


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
        """The error that an answer with a status other than 2xx means."""
        on_the_way = FAILURES.of_the_way(refusal)
        if on_the_way is not None:
            return on_the_way
        said = envelope_of_bytes(refusal.body)
        error = self._known(said, refusal.status, refusal)
        if error is not None:
            return error
        status = refusal.status
        if status == 429 or status >= 500 or status in (408, 409):
            return self._of_trouble(said, refusal)
        return self._of_refusal(said, refusal)

    def in_answer(self, said: ErrorBody, *, request_id: str | None) -> OssicleError:
        """The error that stands where an answer should, with status 200."""
        refusal = Refusal(status=200, headers={"request-id": request_id or ""})
        error = self._known(said, 200, refusal)
        if error is not None:
            return error
        return ProviderUnavailableError(
            self._says("the vendor failed", said),
            **_facts(said, refusal, key=self.key), fix="Ask again; it may have been billed.",
        )  # fmt: skip

    def _known(self, said: ErrorBody, status: int, refusal: Refusal) -> OssicleError | None:
        """What the vendor's code alone decides, whatever the status that came with it."""
        facts = _facts(said, refusal, key=self.key)
        facts["billed"] = False
        if said.code in _SPENT or status == 402:
            return QuotaExhaustedError(
                self._says(f"the account's credits are spent ({status})", said),
                **facts, fix="Buy credits, or wait for the plan's next month.",
            )  # fmt: skip
        if said.code in _DENIED:
            return PermissionRefusedError(
                self._says(f"the key or its plan may not do this ({status})", said),
                **facts, fix="Check the key's permissions and the account's plan.",
            )  # fmt: skip
        if said.code in _NO_MODEL:
            hint = f"Use {self.successor!r} instead." if self.successor else "Check its name."
            return ModelNotFoundError(
                self._says(f"the endpoint has no model {self.model!r}", said), **facts, fix=hint
            )
        if said.code in _REFUSED:
            return ContentRefusedError(
                self._says("the vendor's policy forbids the text", said), **facts,
                fix="Change the text.",
            )  # fmt: skip
        if said.code == "system_busy":
            return ProviderUnavailableError(
                self._says(f"the vendor is overloaded ({status})", said),
                **facts, retry_after_s=refusal.retry_after_s, fix="Wait and ask again.",
            )  # fmt: skip
        return None

    def _of_trouble(self, said: ErrorBody, refusal: Refusal) -> OssicleError:
        """Too much, too early, or broken: what may go well another time."""
        status, wait = refusal.status, refusal.retry_after_s
        facts = _facts(said, refusal, key=self.key)
        if status == 429:
            what = "too many requests at once" if "concurrent" in (said.code or "") else (
                "too many requests")  # fmt: skip
            return RateLimitedError(
                self._says(f"{what} (429)", said), **facts, billed=False, retry_after_s=wait,
                fix="Wait, or send fewer at a time; a larger plan allows more.",
            )  # fmt: skip
        if status in (503, 529):
            return ProviderUnavailableError(
                self._says(f"the vendor is overloaded ({status})", said),
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
            self._says(f"the vendor failed ({status})", said), **facts, retry_after_s=wait,
            fix="Ask again; whether it was billed is not known.",
        )  # fmt: skip

    def _of_refusal(self, said: ErrorBody, refusal: Refusal) -> OssicleError:
        """What will not go well another time unless something changes."""
        status, facts = refusal.status, _facts(said, refusal, key=self.key)
        facts["billed"] = False
        if status == 401:
            return AuthenticationError(
                self._says("the vendor refused the key (401)", said), **facts,
                fix="Check the key and that it is one of ElevenLabs.",
            )  # fmt: skip
        if status == 403:
            return PermissionRefusedError(
                self._says("the key or its plan may not do this (403)", said), **facts,
                fix="Check the key's permissions and the account's plan.",
            )  # fmt: skip
        return RequestRefusedError(
            self._says(f"the vendor calls the request invalid ({status})", said), **facts,
            fix=_fix(status, said),
        )  # fmt: skip

    def _says(self, what: str, said: ErrorBody) -> str:
        message = redact(without_quotes(said.message[:20_000], self.said), key=self.key)
        return f"{what}: {message}" if message else what


def _facts(said: ErrorBody, refusal: Refusal, *, key: str | None) -> dict[str, Any]:
    code = said.code or said.kind
    return {
        "provider": PROVIDER,
        "status": refusal.status,
        "vendor_code": None if code is None else redact(code, key=key)[:64],
        "param": None if said.param is None else redact(said.param, key=key)[:64],
        "request_id": FAILURES.request_id_of(refusal.headers),
    }


def _fix(status: int, said: ErrorBody) -> str:
    if said.code in _NO_VOICE:
        return "Give the id of a voice of your account, as https://elevenlabs.io/app/voice-library."
    if said.code in _TOO_LONG:
        return "Speak the text in parts."
    if status == 413:
        return "Send less audio at a time."
    if status == 404 and not said.is_own:
        return "Check base_url: this server may not have this endpoint."
    return "Change the request as the vendor says."
