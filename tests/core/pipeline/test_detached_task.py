"""Blocking work comes to its end, and what nobody waits for any more is undone."""

from __future__ import annotations

import asyncio
import threading

import anyio
import anyio.lowlevel
import pytest

from ossicle.pipeline.detached_task import complete_in_thread

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class Work:
    """Blocks until it may go on, and then makes a number."""

    def __init__(self) -> None:
        self.begun, self.turn_lock = threading.Event(), threading.Event()
        self.undone: list[int] = []
        self.threads: set[int] = set()
        self.is_undone = threading.Event()

    def __call__(self) -> int:
        self.begun.set()
        assert self.turn_lock.wait(20)
        self.threads.add(threading.get_ident())
        return 7

    def undo(self, made: int) -> None:
        self.threads.add(threading.get_ident())
        self.undone.append(made)
        self.is_undone.set()


@BACKENDS
def test_who_waits_gets_it_or_what_it_raised(backend: str) -> None:
    work = Work()
    work.turn_lock.set()

    def broken() -> int:
        raise ValueError("no")

    async def main() -> None:
        assert await complete_in_thread(work, undo=work.undo) == 7
        with pytest.raises(ValueError, match="no"):
            await complete_in_thread(broken, undo=work.undo)

    anyio.run(main, backend=backend)
    assert work.undone == []
    assert threading.get_ident() not in work.threads


@BACKENDS
def test_cancellation_of_a_scope_waits_for_it(backend: str) -> None:
    work, made = Work(), []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                made.append(await complete_in_thread(work, undo=work.undo))

            tasks.start_soon(ask)
            await anyio.to_thread.run_sync(work.begun.wait, 20)
            tasks.cancel_scope.cancel()
            work.turn_lock.set()

    anyio.run(main, backend=backend)
    assert (made, work.undone) == ([7], [])


def test_who_is_cancelled_leaves_at_once_and_what_comes_is_undone() -> None:
    work = Work()

    async def main() -> None:
        task = asyncio.create_task(complete_in_thread(work, undo=work.undo))
        await anyio.to_thread.run_sync(work.begun.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        work.turn_lock.set()
        assert await anyio.to_thread.run_sync(work.is_undone.wait, 20)

    asyncio.run(main())
    assert work.undone == [7]
    assert threading.get_ident() not in work.threads


def test_so_it_is_when_it_was_made_and_not_yet_taken() -> None:
    """The worker thread is done; its caller is cancelled before it runs again."""
    work = Work()

    async def main() -> None:
        task = asyncio.create_task(complete_in_thread(work, undo=work.undo))
        await anyio.to_thread.run_sync(work.begun.wait, 20)
        work.turn_lock.set()
        while not work.threads:  # Not a checkpoint: the loop has not heard of it yet.
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await anyio.to_thread.run_sync(work.is_undone.wait, 20)
        assert work.undone == [7]

    asyncio.run(main())


def test_without_undo_it_is_done_all_the_same() -> None:
    work = Work()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(complete_in_thread(work), 0.01)
        work.turn_lock.set()
        with anyio.fail_after(20):
            while not work.threads:
                await anyio.lowlevel.checkpoint()

    asyncio.run(main())
