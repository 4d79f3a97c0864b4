"""How the echo behaves and misbehaves when asked to: `EchoScript`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from ossicle.errors import (
    AuthenticationError,
    ConfigurationError,
    ContentRefusedError,
    InvalidReplyError,
    ModelNotFoundError,
    PermissionRefusedError,
    ProviderConnectionError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.messages import Value

from .models import NAME, REFERENCE_LIFETIME_S

FailureCode = Literal[
    "authentication",
    "content_refused",
    "invalid_reply",
    "model_not_found",
    "permission_refused",
    "provider_connection",
    "provider_unavailable",
    "quota_exhausted",
    "rate_limited",
    "request_refused",
]
"""`OssicleError.code` of the errors that can be played."""

_FAILURES: tuple[type[ProviderError], ...] = (
    AuthenticationError,
    ContentRefusedError,
    InvalidReplyError,
    ModelNotFoundError,
    PermissionRefusedError,
    ProviderConnectionError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
)


class EchoScript(Value):
    """What the echo does; the defaults are a well-behaved model.

    Events are counted from 0 and include the first, `ReplyStarted`.

    Attributes:
        answer: Said instead of the answer it would find itself.
        chunk_bytes: Size of streamed pieces of audio; an odd one cuts samples in half.
        chunk_chars: Size of streamed pieces of text.
        delay_s: Waited before the first event.
        pause_s: Waited before each later event.
        reference_lifetime_s: How long the audio of an answer can be named by its id.
        fail_with: The kind of error that is raised, or `None`.
        fail_at: The event instead of which it is raised; 0 fails before anything is sent.
        fail_times: How many calls fail before one succeeds; `None`: all.
        retry_after_s: What a failing call asks the caller to wait.
        cut_at: The event instead of which the stream just ends, without a word.
        omit_audio: Leave out the audio that was asked for.
        mislabel_audio: Give a false format with the audio.
        repeat_finished: Send `Finished` twice.
    """

    answer: str | None = None
    chunk_bytes: int = Field(default=4801, ge=1)
    chunk_chars: int = Field(default=12, ge=1)
    delay_s: float = Field(default=0.0, ge=0)
    pause_s: float = Field(default=0.0, ge=0)
    reference_lifetime_s: float = Field(default=REFERENCE_LIFETIME_S, gt=0)
    fail_with: FailureCode | None = None
    fail_at: int = Field(default=0, ge=0)
    fail_times: int | None = Field(default=None, ge=1)
    retry_after_s: float | None = Field(default=None, ge=0)
    cut_at: int | None = Field(default=None, ge=0)
    omit_audio: bool = False
    mislabel_audio: bool = False
    repeat_finished: bool = False

    def with_options(self, options: Mapping[str, Any]) -> EchoScript:
        """The same script with some fields changed, as an application gives them.

        Raises:
            ConfigurationError: A field is unknown or its value impossible.
        """
        if not options:
            return self
        try:
            return EchoScript.model_validate({**self.model_dump(), **options})
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)[0]
            name = ".".join(str(part) for part in wrong["loc"])
            raise ConfigurationError(
                f"option {name!r} of the echo is wrong: {wrong['msg']}",
                fix=f"Use the fields of EchoScript: {', '.join(EchoScript.model_fields)}.",
            ) from error

    def failure(self, *, request_id: str) -> ProviderError:
        """The error to raise; `fail_with` must be set."""
        kind = next(kind for kind in _FAILURES if kind.code == self.fail_with)
        return kind(
            f"the echo was told to fail with {self.fail_with}",
            provider=NAME,
            request_id=request_id,
            retry_after_s=self.retry_after_s,
            billed=False if self.fail_at == 0 else None,
            fix="Take fail_with out of its script.",
        )
