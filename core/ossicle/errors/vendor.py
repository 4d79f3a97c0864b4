"""What a provider answers, or fails to."""

from __future__ import annotations

from typing import Any, ClassVar

from ossicle.errors.ossicle_error import OssicleError


class ProviderError(OssicleError):
    """The provider answered with an error, or failed to answer.

    Attributes:
        provider: Name of the provider.
        status: HTTP status or the vendor's equivalent, or `None`.
        vendor_code: The vendor's own code for the error, or `None`.
        param: The request parameter that the vendor names, or `None`.
        request_id: The vendor's id of the request, or `None`.
        billed: Whether the vendor may have billed the attempt; `None` when unknown.
    """

    code = "provider"
    _retryable_by_default: ClassVar[bool] = False

    def __init__(
        self,
        what: str,
        *,
        provider: str,
        status: int | None = None,
        vendor_code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
        retry_after_s: float | None = None,
        billed: bool | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, fix=fix)
        self.provider = provider
        self.status = status
        self.vendor_code = vendor_code
        self.param = param
        self.request_id = request_id
        self.retryable = self._retryable_by_default if retryable is None else retryable
        self.retry_after_s = retry_after_s
        self.billed = billed


class AuthenticationError(ProviderError):
    """The vendor refused the key."""

    code = "authentication"


class PermissionRefusedError(ProviderError):
    """The key is valid but may not do this."""

    code = "permission_refused"


class ModelNotFoundError(ProviderError):
    """The vendor knows no such model, or has shut it down."""

    code = "model_not_found"


class RequestRefusedError(ProviderError):
    """The vendor calls the request invalid."""

    code = "request_refused"


class AudioReferenceNotFoundError(ProviderError):
    """The vendor no longer knows an audio id of an earlier turn.

    Attributes:
        reference_id: The id that was not found, or `None` when the vendor does not say.
        message_index: Index into the request's messages, or `None`.
    """

    code = "audio_reference_not_found"

    def __init__(
        self,
        what: str,
        *,
        provider: str,
        reference_id: str | None = None,
        message_index: int | None = None,
        status: int | None = None,
        vendor_code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(
            what,
            provider=provider,
            status=status,
            vendor_code=vendor_code,
            param=param,
            request_id=request_id,
            billed=False,
            fix=fix,
        )
        self.reference_id = reference_id
        self.message_index = message_index


class ContentRefusedError(ProviderError):
    """Refused by the vendor's content policy."""

    code = "content_refused"


class RateLimitedError(ProviderError):
    """Too many requests now; the same call may succeed later."""

    code = "rate_limited"
    _retryable_by_default = True


class QuotaExhaustedError(ProviderError):
    """The account's quota is spent; waiting does not help."""

    code = "quota_exhausted"


class ProviderUnavailableError(ProviderError):
    """The vendor failed or is overloaded."""

    code = "provider_unavailable"
    _retryable_by_default = True


class ProviderConnectionError(ProviderError):
    """No request reached the vendor: nothing was executed or billed."""

    code = "provider_connection"
    _retryable_by_default = True


class InvalidReplyError(ProviderError):
    """The vendor's reply is not what its protocol promises.

    Attributes:
        partial: What came and was paid for: its bytes as they came, without the key, where the
            provider kept them, else `None`.
    """

    code = "invalid_reply"
    partial: Any = None


class AudioMissingError(InvalidReplyError):
    """Audio was asked for and the reply holds none.

    Attributes:
        partial: The reply without audio (`ossicle.Reply`), or `None`.
    """

    code = "audio_missing"

    def __init__(
        self,
        what: str,
        *,
        provider: str,
        partial: Any = None,
        request_id: str | None = None,
        billed: bool | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, provider=provider, request_id=request_id, billed=billed, fix=fix)
        self.partial = partial


class StreamIncompleteError(ProviderError):
    """The stream ended without its end marker.

    Attributes:
        partial: What was received until then (`ossicle.Reply`), or `None`.
    """

    code = "stream_incomplete"

    def __init__(
        self,
        what: str,
        *,
        provider: str,
        partial: Any = None,
        request_id: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, provider=provider, request_id=request_id, fix=fix)
        self.partial = partial


class AmbiguousOutcomeError(ProviderError):
    """The call may or may not have been executed and billed; it was not repeated.

    Attributes:
        turn_id: The id under which the attempt is booked, or `None`.
    """

    code = "ambiguous_outcome"

    def __init__(
        self,
        what: str,
        *,
        provider: str,
        turn_id: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, provider=provider, status=status, request_id=request_id, fix=fix)
        self.turn_id = turn_id
