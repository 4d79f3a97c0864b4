"""What an error means for the turn that it ended."""

from __future__ import annotations

from ossicle.conversation.turn import TurnState
from ossicle.errors import (
    AmbiguousOutcomeError,
    DependencyMissingError,
    MissingKeyError,
    OssicleError,
    ProviderError,
    StreamIncompleteError,
    UnknownModelError,
)
from ossicle.messages import Receipt

_ANOTHER_MAY_DO = (ProviderError, MissingKeyError, UnknownModelError, DependencyMissingError)


def is_clean(error: OssicleError) -> bool:
    """Whether the call that failed was surely not executed."""
    if isinstance(error, AmbiguousOutcomeError | StreamIncompleteError):
        return False
    receipt = error.receipt
    return receipt is None or all(attempt.outcome == "clean" for attempt in receipt.attempts)


def state_after(error: BaseException | None, broken: Receipt | None) -> TurnState:
    """What becomes of a turn that an error ended.

    `cancelled` if nobody waits for it any more, `ambiguous` if a call may have been executed, else
    `failed`.

    Args:
        error: What ended it; `None`: it was left.
        broken: Of the call that the error broke; `None`: none was under way.
    """
    if not isinstance(error, Exception):
        return "cancelled"
    if isinstance(error, AmbiguousOutcomeError | StreamIncompleteError):
        return "ambiguous"
    attempts = () if broken is None else broken.attempts
    is_open = any(attempt.outcome == "ambiguous" for attempt in attempts)
    return "ambiguous" if is_open else "failed"


def code_of(error: BaseException) -> str | None:
    """What a turn notes of an error: its code, or the kind of one that is the application's own.

    `None` of a cancellation, which is no error.
    """
    if isinstance(error, OssicleError):
        return error.code
    return type(error).__name__ if isinstance(error, Exception) else None


def may_use_another(error: OssicleError) -> bool:
    """Whether another model may do better: this one failed, or cannot be used here at all."""
    return isinstance(error, _ANOTHER_MAY_DO)
