from __future__ import annotations

import functools
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest
from anyio import to_thread
from hypothesis import given
from hypothesis import strategies as st

from ossicle import Cascade, Client, TranscriptDelta
from ossicle.cascade import CallableThinker
from ossicle.errors import DeadlineExceededError, ProviderError
from ossicle.messages import Message, TextPart, ToolCall

TURN = (Message(role="user", parts=(TextPart(text="secret words"),)),)
PATIENCE_S = 30.0

foreign = st.one_of(st.none(), st.integers(), st.binary(), st.floats(), st.just(TURN[0]))
pieces = st.text(max_size=5) | st.just(ToolCall(id="c", name="look"))


async def thought(function: Callable[[Any], Any]) -> tuple[list[object], Exception | None]:
    """The pieces that came, and what ended them."""
    found: list[object] = []
    try:
        async for piece in CallableThinker(function).think(TURN):
            found.append(piece)
    except ProviderError as error:
        return found, error
    return found, None


@given(before=st.lists(pieces, max_size=4), wrong=foreign, after=st.lists(pieces, max_size=2))
def test_what_is_no_piece_ends_the_answer_with_a_typed_error(
    before: list[Any], wrong: object, after: list[Any]
) -> None:
    given_pieces = [*before, wrong, *after]

    async def later(_: str) -> AsyncIterator[Any]:
        for piece in given_pieces:
            yield piece

    for function in (lambda _: given_pieces, lambda _: iter(given_pieces), later):
        found, error = anyio.run(thought, function)
        assert found == before
        assert isinstance(error, ProviderError)
        assert type(wrong).__name__ in str(error)
        assert error.billed is False
        assert "secret" not in str(error)


@pytest.mark.parametrize("wrong", [None, 7, b"abc", bytearray(b"abc"), 1.5])
def test_what_is_no_answer_at_all_is_a_typed_error(wrong: object) -> None:
    async def coroutine(_: str) -> object:
        return wrong

    for function in (lambda _: wrong, coroutine):
        found, error = anyio.run(thought, function)
        assert found == []
        assert isinstance(error, ProviderError)
        assert type(wrong).__name__ in str(error)


def test_a_single_tool_call_is_an_answer() -> None:
    call = ToolCall(id="c", name="look")
    assert anyio.run(thought, lambda _: call) == ([call], None)


@given(n_pieces=st.integers(0, 6), taken=st.integers(0, 6))
def test_a_generator_is_closed_wherever_it_is_left(n_pieces: int, taken: int) -> None:
    closed: list[int] = []
    kept: list[Iterator[str]] = []  # so that no garbage collector closes it

    def counting(_: str) -> Iterator[str]:
        try:
            for number in range(n_pieces):
                yield str(number)
        finally:
            closed.append(threading.get_ident())

    def function(text: str) -> Iterator[str]:
        kept.append(counting(text))
        return kept[0]

    async def main() -> None:
        answer = CallableThinker(function).think(TURN)
        for _ in range(min(taken, n_pieces)):
            await anext(answer)
        if taken > n_pieces:
            assert await anext(answer, None) is None
        await answer.aclose()  # type: ignore[attr-defined]  # an async generator

    anyio.run(main)
    assert len(closed) == (1 if taken else 0)  # what was never begun has nothing to close
    assert threading.get_ident() not in closed


def test_an_answer_cut_at_its_limit_closes_the_generator() -> None:
    closed: list[str] = []
    kept: list[Iterator[str]] = []

    def endless(_: str) -> Iterator[str]:
        try:
            while True:
                yield "word "
        finally:
            closed.append("closed")

    def function(text: str) -> Iterator[str]:
        kept.append(endless(text))
        return kept[0]

    with Client(Cascade(think=function)) as client:
        reply = client.respond("Hello.", output={"text"}, max_output_tokens=3)
    assert reply.text.split() == ["word"] * 3
    assert reply.finish_reason == "length"
    assert closed == ["closed"]


def test_what_closing_a_generator_raises_is_typed() -> None:
    def rude(_: str) -> Iterator[str]:
        try:
            yield "one"
            yield "two"
        finally:
            raise KeyError("private")

    async def main() -> None:
        answer = CallableThinker(rude).think(TURN)
        await anext(answer)
        with pytest.raises(ProviderError, match="KeyError") as caught:
            await answer.aclose()  # type: ignore[attr-defined]  # an async generator
        assert "private" not in str(caught.value)

    anyio.run(main)


class Gate:
    """A place in a plain function where it blocks until it is let through."""

    def __init__(self) -> None:
        self.reached, self.opened, self.closed = (threading.Event() for _ in range(3))

    def wait(self) -> None:
        self.reached.set()
        assert self.opened.wait(PATIENCE_S)


def blocking_function(gate: Gate) -> Callable[[str], object]:
    async def never_awaited() -> str:
        return "x"

    def function(_: str) -> object:
        gate.wait()
        gate.closed.set()
        # A coroutine that nobody takes must not be left unawaited: warnings are errors.
        return never_awaited()

    return function


def blocking_generator(gate: Gate) -> Callable[[str], Iterator[str]]:
    def generator(_: str) -> Iterator[str]:
        try:
            yield "First. "
            gate.wait()
            yield "Second."
        finally:
            gate.closed.set()

    return generator


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("build", [blocking_function, blocking_generator])
def test_a_cancelled_caller_does_not_wait_for_the_function(
    build: Callable[[Gate], Callable[[str], Any]], backend: str
) -> None:
    gate = Gate()

    async def read(scope: anyio.CancelScope) -> None:
        with scope:
            async for _ in CallableThinker(build(gate)).think(TURN):
                pass

    async def main() -> None:
        scope = anyio.CancelScope()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, scope)
            assert await to_thread.run_sync(gate.reached.wait, PATIENCE_S)
            scope.cancel()
        assert scope.cancelled_caught
        assert not gate.closed.is_set()
        gate.opened.set()
        assert await to_thread.run_sync(gate.closed.wait, PATIENCE_S)

    anyio.run(main, backend=backend)
    gc.collect()


def test_a_timeout_is_kept_while_a_plain_function_runs() -> None:
    gate = Gate()
    try:
        with Client(Cascade(think=blocking_function(gate))) as client:
            with pytest.raises(DeadlineExceededError):
                client.respond("Hello.", output={"text"}, timeout_s=0.2)
            assert gate.reached.is_set()
            assert not gate.closed.is_set()
    finally:
        gate.opened.set()
    assert gate.closed.wait(PATIENCE_S)


def test_a_stream_is_left_at_once_while_a_plain_generator_thinks() -> None:
    gate = Gate()
    try:
        with (
            Client(Cascade(think=blocking_generator(gate), speak="echo")) as client,
            client.stream("Hello.") as stream,
        ):
            for event in stream:
                if isinstance(event, TranscriptDelta):
                    assert gate.reached.wait(PATIENCE_S)
                    break
        assert not gate.closed.is_set()
    finally:
        gate.opened.set()
    assert gate.closed.wait(PATIENCE_S)


def test_closing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ossicle.cascade.threads.CLOSE_LIMIT_S", 0.05)
    gate = Gate()

    def slow_to_close(_: str) -> Iterator[str]:
        try:
            yield "one"
            yield "two"
        finally:
            gate.wait()
            gate.closed.set()

    async def main() -> None:
        answer = CallableThinker(slow_to_close).think(TURN)
        await anext(answer)
        await answer.aclose()  # type: ignore[attr-defined]  # an async generator
        assert not gate.closed.is_set()
        gate.opened.set()
        assert await to_thread.run_sync(gate.closed.wait, PATIENCE_S)

    anyio.run(main)


def test_a_bound_function_thinks() -> None:
    assert anyio.run(thought, functools.partial("{} {}".format, "a")) == (["a secret words"], None)
