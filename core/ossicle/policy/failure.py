"""The errors a failed call ends with, in words that say what is known and what was spent."""

from __future__ import annotations

from ossicle.errors import (
    AmbiguousOutcomeError,
    DeadlineExceededError,
    OssicleError,
    ProviderError,
    StreamIncompleteError,
)
from ossicle.messages import Reply, ReplyFold
from ossicle.policy.attempt import AttemptLog, OpenAttempt
from ossicle.policy.outcome import Outcome

_USE_THE_PART = "Use the part in `partial`, or ask again and pay again."


def as_the_caller_sees_it(
    error: OssicleError, outcome: Outcome, *, fold: ReplyFold, provider: str, turn_id: str | None
) -> OssicleError:
    """The error that a call ends with when its last attempt ended with this one.

    A `ProviderError` that leaves open what became of the call turns into a
    `StreamIncompleteError` with the part received, where content had come, and into an
    `AmbiguousOutcomeError` otherwise. Every other error stays what it is.
    """
    if isinstance(error, StreamIncompleteError):
        if error.partial is None:
            error.partial = _partial(fold)
        return error
    if isinstance(error, AmbiguousOutcomeError):
        error.turn_id = error.turn_id or turn_id
        return error
    if outcome != "ambiguous" or not isinstance(error, ProviderError):
        return error
    if fold.has_content:
        return StreamIncompleteError(
            f"the answer of provider {provider!r} broke off ({error.code})",
            provider=provider,
            partial=_partial(fold),
            request_id=error.request_id,
            fix=_USE_THE_PART,
        )
    status = "" if error.status is None else f", status {error.status}"
    return AmbiguousOutcomeError(
        f"provider {provider!r} failed ({error.code}{status}); whether the call was executed and "
        "billed is unknown, so it was not repeated",
        provider=provider,
        turn_id=turn_id,
        status=error.status,
        request_id=error.request_id,
        fix='Ask again if paying twice is acceptable, or set on_ambiguous="repeat".',
    )


def broken_off(provider: str, attempt: OpenAttempt) -> StreamIncompleteError:
    """The error for a stream that ended without `Finished`."""
    return StreamIncompleteError(
        f"the stream of provider {provider!r} ended without Finished, after {attempt.n_events} "
        f"events and {attempt.fold.audio_bytes} bytes of audio",
        provider=provider,
        request_id=attempt.request_id,
        fix=_USE_THE_PART,
    )


def out_of_time(log: AttemptLog, provider: str, timeout_s: float | None) -> DeadlineExceededError:
    """The error for a deadline that has passed, with what was spent until then."""
    allowed = "" if timeout_s is None else f" of {timeout_s:g} s"
    attempts = log.attempts
    if not attempts:
        spent = "before anything was sent"
    else:
        tries = "1 attempt" if len(attempts) == 1 else f"{len(attempts)} attempts"
        spent = (
            f"after {tries} at provider {provider!r} ({log.provider_s:.2f} s) and "
            f"{log.waited_s:.2f} s of pauses"
        )
        if attempts[-1].outcome == "ambiguous":
            spent += "; the last one may have been executed and billed"
    return DeadlineExceededError(
        f"the time{allowed} for the call ran out {spent}",
        timeout_s=timeout_s,
        fix="Allow more time with timeout_s.",
    )


def _partial(fold: ReplyFold) -> Reply | None:
    try:
        return fold.reply()
    except OssicleError:
        # a part that does not even fold is of no use, and another error is to be reported
        return None
