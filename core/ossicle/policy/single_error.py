"""One error out of many: whatever a provider raises leaves as a single exception."""

from __future__ import annotations

from collections.abc import Iterator

from ossicle.errors import OssicleError
from ossicle.policy.outcome import classify

_GRAVITY = {"clean": 0, "settled": 1, "ambiguous": 2}


def single_error(error: BaseException) -> BaseException:
    """The error that counts among those of an exception group; any other error as it is.

    Interrupts and exits come before cancellation, cancellation before errors, and among errors
    the one after which least is known. The others are named in its notes, by type only: their
    texts may hold anything.
    """
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = list(_leaves(error))
    chosen = max(leaves, key=_weight)
    others = [type(leaf).__name__ for leaf in leaves if leaf is not chosen]
    if others:
        chosen.add_note(f"raised together with: {', '.join(others)}")
    return chosen


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _weight(error: BaseException) -> tuple[int, int, bool]:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return 2, 0, False
    if isinstance(error, GeneratorExit):
        # what a generator is closed with; it says nothing of why
        return -1, 0, False
    if not isinstance(error, Exception):
        return 1, 0, False
    return 0, _GRAVITY[classify(error)], isinstance(error, OssicleError)
