"""What is wrong with a call, a setting or this machine, apart from the audio."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.errors.ossicle_error import OssicleError


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


class AudioDeviceError(OssicleError, OSError):
    """A microphone or a loudspeaker is not there, cannot be used, or failed.

    Attributes:
        device: Its name, or what somebody called it; `None` where none was named and none found.
        available: Names of those that there are.
    """

    code = "audio_device"

    def __init__(
        self,
        what: str,
        *,
        device: str | None = None,
        available: Sequence[str] = (),
        fix: str | None = None,
    ) -> None:
        super().__init__(what, fix=fix)
        self.device = device
        self.available = tuple(available)


class DeadlineExceededError(OssicleError, TimeoutError):
    """The caller's total time ran out.

    Attributes:
        timeout_s: The time that was allowed, in seconds, or `None` when only the end is known.
    """

    code = "deadline_exceeded"

    def __init__(
        self, what: str, *, timeout_s: float | None = None, fix: str | None = None
    ) -> None:
        super().__init__(what, fix=fix)
        self.timeout_s = timeout_s
