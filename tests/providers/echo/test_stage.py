from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import ProviderError
from ossicle.messages import Event, Finished, TextDelta
from ossicle_echo.script import EchoScript
from ossicle_echo.stage import perform


async def answer(n_pieces: int, closed: list[bool]) -> AsyncGenerator[Event, None]:
    try:
        for index in range(n_pieces):
            yield TextDelta(text=str(index))
        yield Finished()
    finally:
        closed.append(True)


def play(n_pieces: int, script: EchoScript) -> tuple[list[Event], bool, bool]:
    """The events, whether the performance failed, and whether its source was closed."""
    seen: list[Event] = []
    closed: list[bool] = []
    failure = script.failure(request_id="r") if script.fail_with else None

    async def watch() -> None:
        source = answer(n_pieces, closed)
        async for event in perform(source, script, sleep=anyio.sleep, failure=failure):
            seen.append(event)

    try:
        anyio.run(watch)
    except ProviderError:
        return seen, True, closed == [True]
    return seen, False, closed == [True]


@given(n_pieces=st.integers(0, 5), at=st.integers(0, 8))
def test_stream_is_cut_before_the_event_of_that_number(n_pieces: int, at: int) -> None:
    seen, has_failed, is_closed = play(n_pieces, EchoScript(cut_at=at))
    assert len(seen) == min(at, n_pieces + 1)
    assert not has_failed
    assert is_closed
    assert any(isinstance(event, Finished) for event in seen) == (at > n_pieces)


@given(n_pieces=st.integers(0, 5), at=st.integers(0, 8))
def test_stream_fails_in_place_of_the_event_of_that_number(n_pieces: int, at: int) -> None:
    seen, has_failed, is_closed = play(n_pieces, EchoScript(fail_with="invalid_reply", fail_at=at))
    assert len(seen) == min(at, n_pieces + 1)
    assert has_failed
    assert is_closed


@pytest.mark.parametrize("n_pieces", [0, 3])
def test_plain_script_changes_nothing(n_pieces: int) -> None:
    pieces = [TextDelta(text=str(index)) for index in range(n_pieces)]
    assert play(n_pieces, EchoScript()) == ([*pieces, Finished()], False, True)
