"""Which HTTP status an error of ossicle becomes, and what a caller is told."""

from __future__ import annotations

import math
from typing import Any

from ossicle.errors import (
    AudioError,
    AudioLimitError,
    BudgetExceededError,
    ContentRefusedError,
    DeadlineExceededError,
    LimitReachedError,
    MalformedAudioError,
    OssicleError,
    ProviderError,
    QualityRefusedError,
    QuotaExhaustedError,
    RateLimitedError,
    UnsupportedFeatureError,
    UnsupportedFormatError,
)

STATUSES: tuple[tuple[type[OssicleError], int], ...] = (
    (MalformedAudioError, 400),  # no audio at all, or a broken file
    (UnsupportedFormatError, 415),
    (AudioLimitError, 413),
    (QualityRefusedError, 422),  # silence, noise, clipping: nothing was paid
    (AudioError, 422),
    (UnsupportedFeatureError, 422),
    (BudgetExceededError, 429),
    (LimitReachedError, 413),
    (ContentRefusedError, 422),
    (RateLimitedError, 503),
    (QuotaExhaustedError, 503),
    (DeadlineExceededError, 504),
    (ProviderError, 502),
)
"""The first line that fits counts; what fits none is a mistake of the service: 500."""


def status_of(error: OssicleError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def body_of(error: OssicleError) -> dict[str, Any]:
    """What the caller is told, as JSON; of a mistake of the service no more than that it is one."""
    if status_of(error) == 500:
        return {"error": {"code": "internal", "message": "The service is not set up right."}}
    facts: dict[str, Any] = {"code": error.code, "message": str(error)}
    if isinstance(error, QualityRefusedError):
        facts["findings"] = [
            {"code": found.code, "message": found.message, "fix": found.fix}
            for found in error.findings
        ]
    return {"error": facts}


def headers_of(error: OssicleError) -> dict[str, str]:
    """When to come back, where the provider said so."""
    if error.retry_after_s is None:
        return {}
    return {"retry-after": str(math.ceil(error.retry_after_s))}
