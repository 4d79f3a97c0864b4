"""What takes long holds nobody up who has no more time for it."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import anyio
import anyio.lowlevel
import pytest
from anyio import from_thread

from ossicle.rest import off_loop
from ossicle.rest.per_loop import BuiltOnce, PerLoop

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_a_call_out_of_time_leaves_the_building_to_the_next_one(backend: str) -> None:
    n_built, may_go_on = 0, threading.Event()

    async def main() -> None:
        scope = anyio.CancelScope()

        def build() -> object:
            nonlocal n_built
            n_built += 1
            from_thread.run_sync(scope.cancel)
            may_go_on.wait()
            return object()

        once: BuiltOnce[object] = BuiltOnce()
        with scope:
            await once.get(build)
        assert scope.cancelled_caught
        assert once.take() is None
        may_go_on.set()
        built = await once.get(build)
        assert await once.get(build) is built
        assert n_built == 1
        assert once.take() is built
        assert once.take() is None
        assert await once.get(object) is not built

    anyio.run(main, backend=backend)


@BACKENDS
def test_what_cannot_be_built_is_tried_again(backend: str) -> None:
    async def main() -> None:
        once: BuiltOnce[int] = BuiltOnce()
        with pytest.raises(ValueError):
            await once.get(lambda: int("one"))
        assert await once.get(lambda: int("1")) == 1

    anyio.run(main, backend=backend)


@BACKENDS
def test_a_call_out_of_time_does_not_wait_for_a_large_body_to_be_parsed(backend: str) -> None:
    goes_on = threading.Event()

    async def main() -> None:
        with anyio.CancelScope() as scope:

            def parse() -> None:
                from_thread.run_sync(scope.cancel)
                goes_on.wait()

            await off_loop(1 << 20, parse)
        assert scope.cancelled_caught
        goes_on.set()

    anyio.run(main, backend=backend)


class Pipe:
    """Stands for a client: knows in which loop it was closed."""

    def __init__(self) -> None:
        self.closed_in: list[object] = []

    async def close(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.closed_in.append(anyio.lowlevel.current_token())


@BACKENDS
def test_each_loop_has_its_own_and_closes_it_when_it_ends(backend: str) -> None:
    pipes: PerLoop[Pipe] = PerLoop(Pipe.close)
    found: list[Pipe] = []

    async def job() -> object:
        pipe = await pipes.get(Pipe)
        assert await pipes.get(Pipe) is pipe
        found.append(pipe)
        return anyio.lowlevel.current_token()

    loops = [anyio.run(job, backend=backend) for _ in range(3)]
    assert len({id(pipe) for pipe in found}) == 3
    assert [pipe.closed_in for pipe in found] == [[loop] for loop in loops]


@BACKENDS
def test_closing_twice_closes_once(backend: str) -> None:
    pipes: PerLoop[Pipe] = PerLoop(Pipe.close)

    async def job() -> Pipe:
        pipe = await pipes.get(Pipe)
        await pipes.aclose()
        await pipes.aclose()
        return pipe

    assert len(anyio.run(job, backend=backend).closed_in) == 1


def test_what_a_dead_loop_left_behind_is_dropped_and_never_awaited() -> None:
    pipes: PerLoop[Pipe] = PerLoop(Pipe.close)
    loop = asyncio.new_event_loop()
    old = loop.run_until_complete(pipes.get(Pipe))
    loop.close()  # without finishing its generators, as older programs do

    async def job() -> Pipe:
        return await pipes.get(Pipe)

    assert anyio.run(job) is not old
    assert old.closed_in == []
    left = weakref.ref(old)
    del old
    gc.collect()
    assert left() is None


def test_two_threads_with_a_loop_each_do_not_wait_for_each_other() -> None:
    pipes: PerLoop[Pipe] = PerLoop(Pipe.close)
    both, found = threading.Barrier(2, timeout=10), list[Pipe]()

    async def job() -> None:
        pipe = await pipes.get(Pipe)
        both.wait()  # each has one while the other's loop is still alive
        assert await pipes.get(Pipe) is pipe
        found.append(pipe)

    threads = [threading.Thread(target=anyio.run, args=(job,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({id(pipe) for pipe in found}) == 2
