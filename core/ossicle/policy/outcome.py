"""What an error says of the attempt that it ended: may it have been executed and billed?

The first row that fits decides:

==================================================  ===========================================
error                                               outcome
==================================================  ===========================================
`billed` is False                                   clean: the provider's author knows
`billed` is True                                    settled: executed, nothing left to learn
`InvalidReplyError` and its kinds                   settled: an answer came, a useless one
`ContentRefusedError`                               settled: the model looked at it
cancellation, a foreign exception, `PluginError`,   ambiguous
`DeadlineExceededError`, `StorageError`
`AmbiguousOutcomeError`, `StreamIncompleteError`    ambiguous
anything else once the answer has started           ambiguous
other errors of ours that are no `ProviderError`    clean: refused before anything was sent
no connection, 429, quota, key, model, 400          clean
status 429, 503, 529                                clean: turned away at the door
status 502, 504                                     ambiguous: said by something in between
status 408, 409, other 5xx                          clean if the vendor bills no failed
                                                    requests and sent its own error body,
                                                    else ambiguous
other 4xx                                           clean
anything else                                       ambiguous
==================================================  ===========================================
"""

from __future__ import annotations

from typing import Literal

from ossicle.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    ContentRefusedError,
    DeadlineExceededError,
    InvalidReplyError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    PluginError,
    ProviderConnectionError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    StorageError,
    StreamIncompleteError,
)

Outcome = Literal["clean", "settled", "ambiguous"]
"""`clean`: surely not executed. `settled`: answered to its end. `ambiguous`: nobody can tell."""

_NEVER_EXECUTED = (
    ProviderConnectionError,
    RateLimitedError,
    QuotaExhaustedError,
    AuthenticationError,
    PermissionRefusedError,
    ModelNotFoundError,
    RequestRefusedError,
)
_OVERLOADED = frozenset({429, 503, 529})
_FROM_IN_BETWEEN = frozenset({502, 504})
_MAY_HAVE_RUN = frozenset({408, 409})


def classify(
    error: BaseException,
    *,
    has_started: bool = False,
    failed_requests_are_billed: bool | None = None,
) -> Outcome:
    """What is known of the attempt that this error ended.

    The table at the top of this module says how.

    Args:
        error: What the attempt ended with.
        has_started: Whether the vendor had begun to answer.
        failed_requests_are_billed: What the capabilities say; `None`: unknown. The vendor's own
            error body is recognised by `vendor_code`.
    """
    if isinstance(error, ProviderError):
        return _of_provider(error, has_started, failed_requests_are_billed)
    if not isinstance(error, OssicleError) or isinstance(
        error, PluginError | DeadlineExceededError | StorageError
    ):
        return "ambiguous"
    return "ambiguous" if has_started else "clean"


def _of_provider(error: ProviderError, has_started: bool, bills_failures: bool | None) -> Outcome:
    if error.billed is not None:
        return "settled" if error.billed else "clean"
    if isinstance(error, AmbiguousOutcomeError | StreamIncompleteError):
        return "ambiguous"
    if isinstance(error, InvalidReplyError | ContentRefusedError):
        return "settled"
    if has_started:
        return "ambiguous"
    if isinstance(error, _NEVER_EXECUTED):
        return "clean"
    return _of_status(error, bills_failures)


def _of_status(error: ProviderError, bills_failures: bool | None) -> Outcome:
    status = error.status
    if status is None or status in _FROM_IN_BETWEEN:
        return "ambiguous"
    if status in _OVERLOADED:
        return "clean"
    if status in _MAY_HAVE_RUN or status >= 500:
        is_free = bills_failures is False and error.vendor_code is not None
        return "clean" if is_free else "ambiguous"
    return "clean" if 400 <= status < 500 else "ambiguous"
