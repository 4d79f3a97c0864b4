"""What is wrong with the audio itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ossicle.errors.ossicle_error import OssicleError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
