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

_ANOTHER_MAY_DO = (ProviderError, MissingKeyError, UnknownModelError, DependencyMissingError)


def is_clean(error: OssicleError) -> bool:
    """Whether the call that failed was surely not executed."""
    if isinstance(error, AmbiguousOutcomeError | StreamIncompleteError):
        return False
    receipt = error.receipt
    return receipt is None or all(attempt.outcome == "clean" for attempt in receipt.attempts)


def state_after(error: OssicleError) -> TurnState:
    """`ambiguous` if the call may have been executed, else `failed`."""
    if isinstance(error, AmbiguousOutcomeError | StreamIncompleteError):
        return "ambiguous"
    receipt = error.receipt
    if receipt is None:
        return "failed"
    is_open = any(attempt.outcome == "ambiguous" for attempt in receipt.attempts)
    return "ambiguous" if is_open else "failed"


def may_use_another(error: OssicleError) -> bool:
    """Whether another model may do better: this one failed, or cannot be used here at all."""
    return isinstance(error, _ANOTHER_MAY_DO)
