"""Every error that ossicle raises on purpose.

The tree (an indented line derives from the line above it)::

    OssicleError
        ConfigurationError (ValueError)         a setting, name or argument is wrong
            UnknownProviderError                no such provider is registered
            UnknownModelError                   the provider has no such model, or it was shut down
            MissingKeyError                     the provider needs a key and has none
        UnsupportedFeatureError (ValueError)    this model cannot do what was asked
            UnsupportedModalityError            no row of the modality matrix fits
            UnknownVoiceError                   the model has no such voice
        DependencyMissingError (ImportError)    an optional package is not installed
        AudioError (ValueError)                 something is wrong with the audio itself
            MalformedAudioError                 the bytes fit no known format
            UnsupportedFormatError              known, but nothing installed reads or writes it
            AudioLimitError                     too long, too large, too many channels
            QualityRefusedError                 a validator refused it before paying
        LimitReachedError (ValueError)          a limit that is not the audio's
            TextTooLongError                    more text than the model takes
            ContextOverflowError                more tokens than the model's context holds
            BudgetExceededError                 a budget of tokens or money would be overdrawn
        FileAccessError (OSError)               a path cannot be read or written
        DeadlineExceededError (TimeoutError)    the caller's total time ran out
        ProviderError                           the provider answered, or failed to
            AuthenticationError                 the key was refused
            PermissionRefusedError              the key may not do this
            ModelNotFoundError                  the vendor knows no such model, or ended it
            RequestRefusedError                 the vendor calls the request invalid
            AudioReferenceNotFoundError         an audio id the vendor no longer knows
            ContentRefusedError                 refused by a content policy
            RateLimitedError                    too many requests now
            QuotaExhaustedError                 the account's quota is spent
            ProviderUnavailableError            the vendor failed or is overloaded
            ProviderConnectionError             no request reached the vendor
            InvalidReplyError                   a reply that is not what the protocol promises
                AudioMissingError               audio was asked for and none came
            StreamIncompleteError               the stream ended without its end marker
            AmbiguousOutcomeError               it may or may not have been executed and billed
        PluginError                             a plugin is broken
            PluginLoadError (ImportError)       it could not be imported or registered
            PluginContractError                 it broke the interface it implements
            DuplicateNameError (ValueError)     two plugins claim one name
        StorageError                            the store failed
            NotStoredError (KeyError)           nothing is stored under this id
            StorageCorruptError                 stored bytes do not match their digest
            SchemaVersionError                  written by a newer version

A message has three parts: what happened, with which value, what to do next. Facts are attributes.
Messages never hold keys, headers, audio bytes, base64, transcripts or prompts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class OssicleError(Exception):
    """Base of every error that ossicle raises on purpose.

    Args:
        what: What happened, with the offending value; one sentence without a final period.
        fix: What to do next; one sentence. `None` when there is nothing the caller can do.

    Attributes:
        code: Stable short name of the kind, for programs.
        retryable: Whether the same call may succeed later without any change.
        retry_after_s: Seconds the vendor asked to wait, or `None`.
    """

    code: ClassVar[str] = "error"
    retryable: bool = False
    retry_after_s: float | None = None

    def __init__(self, what: str, *, fix: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        """The message: what happened and what to do next."""
        what = self.what.rstrip(".")
        return f"{what}. {self.fix}" if self.fix else f"{what}."

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by attributes, so that errors cross process borders whole."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    kind: type[OssicleError], args: tuple[Any, ...], facts: dict[str, Any]
) -> OssicleError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class ConfigurationError(OssicleError, ValueError):
    """A setting, name or argument is wrong."""

    code = "configuration"


class UnknownProviderError(ConfigurationError):
    """No provider of this name is registered or allowed."""

    code = "unknown_provider"


class UnknownModelError(ConfigurationError):
    """The provider has no such model, or it has been shut down."""

    code = "unknown_model"


class MissingKeyError(ConfigurationError):
    """The provider needs a key and none is configured."""

    code = "missing_key"


class UnsupportedFeatureError(OssicleError, ValueError):
    """The chosen model cannot do what was asked.

    Attributes:
        feature: Short name of what is missing, such as `"tools"`.
    """

    code = "unsupported_feature"

    def __init__(self, what: str, *, feature: str | None = None, fix: str | None = None) -> None:
        super().__init__(what, fix=fix)
        self.feature = feature


class UnsupportedModalityError(UnsupportedFeatureError):
    """No row of the model's modality matrix takes these inputs to these outputs."""

    code = "unsupported_modality"


class UnknownVoiceError(UnsupportedFeatureError):
    """The model has no voice of this name."""

    code = "unknown_voice"


class DependencyMissingError(OssicleError, ImportError):
    """An optional package is not installed or cannot work on this machine.

    Attributes:
        package: The missing import package.
        extra: The extra of ossicle that brings it, or `None`.
    """

    code = "dependency_missing"

    def __init__(
        self, what: str, *, package: str, extra: str | None = None, fix: str | None = None
    ) -> None:
        if fix is None and extra is not None:
            fix = f'Install it with: pip install "ossicle[{extra}]"'
        super().__init__(what, fix=fix)
        self.package = package
        self.extra = extra


class AudioError(OssicleError, ValueError):
    """Something is wrong with the audio itself.

    Attributes:
        format: The audio's format in words, or `None` when unknown.
    """

    code = "audio"

    def __init__(self, what: str, *, format: str | None = None, fix: str | None = None) -> None:
        super().__init__(what, fix=fix)
        self.format = format


class MalformedAudioError(AudioError):
    """The bytes are not what any known audio format allows."""

    code = "malformed_audio"


class UnsupportedFormatError(AudioError):
    """A known format that nothing installed can read or write.

    Attributes:
        extra: The extra of ossicle that would bring support, or `None`.
    """

    code = "unsupported_format"

    def __init__(
        self,
        what: str,
        *,
        format: str | None = None,
        extra: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, format=format, fix=fix)
        self.extra = extra


class AudioLimitError(AudioError):
    """The audio is beyond a limit of ours or of the model.

    Attributes:
        limit: Name of the limit, such as `"duration_s"` or `"decoded_bytes"`.
        measured: The value found, in the limit's unit; `None` when only a lower bound is known.
        allowed: The value allowed, in the limit's unit.
    """

    code = "audio_limit"

    def __init__(
        self,
        what: str,
        *,
        limit: str,
        measured: float | None,
        allowed: float,
        format: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, format=format, fix=fix)
        self.limit = limit
        self.measured = measured
        self.allowed = allowed


class QualityRefusedError(AudioError):
    """A validator refused the audio before anything was sent or paid.

    Attributes:
        findings: The findings (`ossicle.abc.Finding`) that led to the refusal, worst first.
    """

    code = "quality_refused"

    def __init__(self, what: str, *, findings: Sequence[Any] = (), fix: str | None = None) -> None:
        super().__init__(what, fix=fix)
        self.findings = tuple(findings)


class LimitReachedError(OssicleError, ValueError):
    """A limit that is not the audio's own was reached.

    Attributes:
        measured: The value found or estimated.
        allowed: The value allowed.
    """

    code = "limit_reached"

    def __init__(
        self,
        what: str,
        *,
        measured: float | None = None,
        allowed: float | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, fix=fix)
        self.measured = measured
        self.allowed = allowed


class TextTooLongError(LimitReachedError):
    """More text than the model takes in one request."""

    code = "text_too_long"


class ContextOverflowError(LimitReachedError):
    """More tokens than the model's context window holds."""

    code = "context_overflow"


class BudgetExceededError(LimitReachedError):
    """A budget of tokens or money would be overdrawn by this call."""

    code = "budget_exceeded"


class FileAccessError(OssicleError, OSError):
    """A path cannot be read or written."""

    code = "file_access"


class DeadlineExceededError(OssicleError, TimeoutError):
    """The caller's total time ran out.

    Attributes:
        timeout_s: The time that was allowed, in seconds, or `None` when only the end is known.
    """

    code = "deadline_exceeded"
    retryable = True

    def __init__(
        self, what: str, *, timeout_s: float | None = None, fix: str | None = None
    ) -> None:
        super().__init__(what, fix=fix)
        self.timeout_s = timeout_s


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
    """The vendor's reply is not what its protocol promises."""

    code = "invalid_reply"


class AudioMissingError(InvalidReplyError):
    """Audio was asked for and the reply holds none."""

    code = "audio_missing"


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


class PluginError(OssicleError):
    """A plugin is broken.

    Attributes:
        plugin: Name of the plugin.
    """

    code = "plugin"

    def __init__(self, what: str, *, plugin: str, fix: str | None = None) -> None:
        super().__init__(what, fix=fix)
        self.plugin = plugin


class PluginLoadError(PluginError, ImportError):
    """A plugin could not be imported or registered."""

    code = "plugin_load"


class PluginContractError(PluginError):
    """A plugin broke the interface that it implements."""

    code = "plugin_contract"


class DuplicateNameError(PluginError, ValueError):
    """Two plugins claim the same name."""

    code = "duplicate_name"


class StorageError(OssicleError):
    """The store failed."""

    code = "storage"


class NotStoredError(StorageError, KeyError):
    """Nothing is stored under this id."""

    code = "not_stored"


class StorageCorruptError(StorageError):
    """Stored bytes do not match their digest."""

    code = "storage_corrupt"


class SchemaVersionError(StorageError):
    """The data was written by a newer version of ossicle."""

    code = "schema_version"
