"""What a plugin must not do, seen from outside: open files, block the loop, leave things behind."""

from __future__ import annotations

import gc
import os
import sys
import sysconfig
import threading
import time
import tracemalloc
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_WATCHED = {"open", "os.listdir", "socket.connect", "socket.sendto",
            "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen",
            "os.system", "os.exec", "os.posix_spawn", "urllib.Request"}  # fmt: skip
_BEAT_S = 0.01


@dataclass(slots=True)
class Accesses:
    """What was touched outside of the process while it was watched.

    Attributes:
        seen: Name of each audit event and what it was about, in words.
    """

    seen: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Allocations:
    """What was allocated while it was watched, in bytes.

    Attributes:
        peak: The most at once.
        held: What was still there at the end.
    """

    peak: int = 0
    held: int = 0


@contextmanager
def watching_allocations() -> Iterator[Allocations]:
    """Counts from here, also where the whole run is being traced (`PYTHONTRACEMALLOC`)."""
    is_traced = tracemalloc.is_tracing()
    if is_traced:
        tracemalloc.reset_peak()
    else:
        tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    found = Allocations()
    try:
        yield found
    finally:
        held, peak = tracemalloc.get_traced_memory()
        found.held, found.peak = held - before, peak - before
        if not is_traced:
            tracemalloc.stop()


class _Auditor:
    """An audit hook cannot be taken out again, so there is one, which mostly sleeps."""

    def __init__(self) -> None:
        self._active: dict[int, Accesses] = {}
        self._everywhere: list[Accesses] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not (self._active or self._everywhere) or event not in _WATCHED:
            return
        what = arguments[0] if arguments else ""
        if event == "open" and _is_library(what):
            return
        if event in ("socket.connect", "socket.sendto"):  # the socket itself says nothing
            what = arguments[1]
        own = self._active.get(threading.get_ident())
        for accesses in (*([] if own is None else [own]), *self._everywhere):
            accesses.seen.append(f"{event} {what!r}")

    @contextmanager
    def watching(self) -> Iterator[Accesses]:
        accesses = Accesses()
        self._active[threading.get_ident()] = accesses
        try:
            yield accesses
        finally:
            del self._active[threading.get_ident()]

    @contextmanager
    def watching_everywhere(self) -> Iterator[Accesses]:
        accesses = Accesses()
        self._everywhere.append(accesses)
        try:
            yield accesses
        finally:
            self._everywhere = [one for one in self._everywhere if one is not accesses]


def _is_library(what: object) -> bool:
    """Whether an opened path belongs to Python's own installation or to a module being imported."""
    if not isinstance(what, str | bytes):
        return True  # a handle that is open already
    path = os.fsdecode(what)
    if path.endswith((".py", ".pyc", ".so", ".pyd", ".dll")):
        return True
    return any(path.startswith(folder) for folder in _library_folders())


@cache
def _library_folders() -> tuple[str, ...]:
    return (*sysconfig.get_paths().values(), "/proc/", "/sys/", "/dev/")


@cache
def _auditor() -> _Auditor:
    return _Auditor()


@contextmanager
def watching_accesses() -> Iterator[Accesses]:
    """Files, sockets and programs that this thread opens within the block, as Python sees them."""
    with _auditor().watching() as accesses:
        yield accesses


@contextmanager
def watching_connections() -> Iterator[Accesses]:
    """Hosts that any thread of this process looks up or connects to within the block."""
    with _auditor().watching_everywhere() as accesses:
        yield accesses
        accesses.seen = [one for one in accesses.seen if one.startswith("socket.")]


async def longest_block_s(work: Callable[[], Awaitable[object]]) -> float:
    """The longest time in which `work` did not let the event loop run, in seconds."""
    import anyio

    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await anyio.sleep(_BEAT_S)
            now = time.perf_counter()
            longest = max(longest, now - last - _BEAT_S)
            last = now

    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await anyio.sleep(2 * _BEAT_S)
        await work()
        await anyio.sleep(2 * _BEAT_S)
        group.cancel_scope.cancel()
    return longest


@contextmanager
def watching_litter() -> Iterator[list[str]]:
    """What Python complains of within the block: what was never closed or never awaited."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
        gc.collect()
        for one in caught:
            text = str(one.message)
            if "unclosed" in text or "never awaited" in text:
                found.append(f"{one.category.__name__}: {text.splitlines()[0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the process holds.

    Attributes:
        threads: Living threads.
        handles: Open file handles; 0 where the system does not say.
    """

    threads: int
    handles: int

    def exceeds(self, other: Holdings, *, by: int) -> bool:
        """Whether there are `by` more of anything."""
        return self.threads - other.threads >= by or self.handles - other.handles >= by


def holdings() -> Holdings:
    """What the process holds now, after a collection."""
    gc.collect()
    folder = Path("/proc/self/fd")
    handles = len(list(folder.iterdir())) if folder.is_dir() else 0
    return Holdings(threads=threading.active_count(), handles=handles)


def settled_holdings(limit: Holdings, *, by: int, patience_s: float = 2.0) -> Holdings:
    """What the process holds once it no longer exceeds a limit, or when patience ran out.

    Peers, such as a loopback server in this very process, need a moment to let go.
    """
    ends = time.monotonic() + patience_s
    while (found := holdings()).exceeds(limit, by=by) and time.monotonic() < ends:
        time.sleep(0.02)
    return found
