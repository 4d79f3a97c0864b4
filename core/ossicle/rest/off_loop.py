"""Work that would hold up the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

_T = TypeVar("_T")

_OFF_LOOP_BYTES = 1 << 18
"""Bodies larger than this are parsed in a thread; smaller ones cost less than the switch."""


async def off_loop(n_bytes: int, work: Callable[[], _T]) -> _T:
    """Do work on this many bytes, in a thread if they are many; its result may be given up.

    Args:
        n_bytes: How much there is to work on.
        work: Called once. Pure.

    Returns:
        What `work` returns.

    Raises:
        BaseException: What `work` raises.

    Example:
        events = await off_loop(len(body), lambda: list(reader.feed(body)))
    """
    if n_bytes <= _OFF_LOOP_BYTES:
        return work()
    return await to_thread.run_sync(work, abandon_on_cancel=True)
