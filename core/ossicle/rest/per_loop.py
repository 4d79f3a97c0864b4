"""What belongs to one event loop, such as an HTTP client: one of it for each loop."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel
from anyio import to_thread

_T = TypeVar("_T")

_CLOSE_S = 2.0


class BuiltOnce(Generic[_T]):
    """Holds what takes long to build: built in a thread, once.

    A call that has no more time leaves the building to the one that comes next. Belongs to one
    event loop.
    """

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._building = threading.Lock()
        self._built: _T | None = None

    async def get(self, build: Callable[[], _T]) -> _T:
        """What was built, or what this builds.

        Args:
            build: Called in a thread, where nothing was built yet.
        """
        async with self._lock:
            built = self._built
            if built is None:
                # Importing a client and building its TLS context take long: not on the loop.
                built = await to_thread.run_sync(self._build, build, abandon_on_cancel=True)
        return built

    def take(self) -> _T | None:
        """Give it up, as far as there is one."""
        built, self._built = self._built, None
        return built

    def _build(self, build: Callable[[], _T]) -> _T:
        with self._building:
            if self._built is None:
                self._built = build()
            return self._built


class PerLoop(Generic[_T]):
    """One of something for each event loop that asks for it, closed in that loop.

    Connections belong to the loop that opened them: another loop that uses one waits for ever, or
    fails after the vendor has executed the request. Each loop closes its own when it ends, as
    loops finish the asynchronous generators that are open then. What a loop left behind that ended
    without doing so is dropped, never awaited.

    Args:
        close: Closes one, in its own loop.
    """

    def __init__(self, close: Callable[[_T], Awaitable[None]]) -> None:
        self._close = close
        self._lock = threading.Lock()
        self._by_loop: dict[object, _OfLoop[_T]] = {}

    async def get(self, build: Callable[[], _T]) -> _T:
        """The one of this event loop.

        Args:
            build: Called in a thread, where this loop has none yet.
        """
        loop = _current_loop()
        with self._lock:
            self._drop_dead()
            mine = self._by_loop.setdefault(loop, _OfLoop(self._close))
        return await mine.get(build)

    async def aclose(self) -> None:
        """Close that of this event loop; closing twice is harmless.

        Those of other loops that still run are closed by them.
        """
        with self._lock:
            self._drop_dead()
            mine = self._by_loop.pop(_current_loop(), None)
        if mine is not None:
            await mine.aclose()

    def _drop_dead(self) -> None:
        for loop in [one for one in self._by_loop if _is_dead(one)]:
            del self._by_loop[loop]


class _OfLoop(Generic[_T]):
    def __init__(self, close: Callable[[_T], Awaitable[None]]) -> None:
        self._close = close
        self._once: BuiltOnce[_T] = BuiltOnce()
        self._guard: AsyncGenerator[None, None] | None = None

    async def get(self, build: Callable[[], _T]) -> _T:
        built = await self._once.get(build)
        if self._guard is None:
            # Nothing is awaited before the first yield: no other task comes in between.
            self._guard = self._guarded()
            await anext(self._guard)
        return built

    async def aclose(self) -> None:
        guard, self._guard = self._guard, None
        if guard is not None:
            await guard.aclose()
        await self._close_built()

    async def _guarded(self) -> AsyncGenerator[None, None]:
        """Left open on purpose: the loop closes it when it ends, and so the rest."""
        try:
            yield
        finally:
            await self._close_built()

    async def _close_built(self) -> None:
        built = self._once.take()
        if built is not None:
            # Trio ends generators inside a cancelled scope, in which nothing could be awaited.
            with anyio.move_on_after(_CLOSE_S, shield=True):
                await self._close(built)


def _current_loop() -> object:
    token = anyio.lowlevel.current_token()
    return getattr(token, "native_token", token)  # the same before anyio 4.11


def _is_dead(loop: object) -> bool:
    """Whether an event loop has ended: asyncio's say so, trio's refuse work."""
    is_closed = getattr(loop, "is_closed", None)
    if is_closed is not None:
        return bool(is_closed())
    try:
        loop.run_sync_soon(int)  # type: ignore[attr-defined]  # a trio token
    except RuntimeError:  # trio.RunFinishedError
        return True
    return False
