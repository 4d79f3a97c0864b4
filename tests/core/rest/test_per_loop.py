"""What takes long holds nobody up who has no more time for it."""

from __future__ import annotations

import threading

import anyio
import pytest
from anyio import from_thread

from ossicle.rest import off_loop
from ossicle.rest.per_loop import BuiltOnce

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
