"""Long conversations: planned in linear work, and off the loop that others wait for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from tests.core.conversation.made import NOW_S, model, turn
from tests.core.conversation.worlds import World

from ossicle.conversation import HistoryPolicy, Turn, plan_history
from ossicle.conversation.retention import needs_audio
from ossicle.messages import TextPart

FULL = HistoryPolicy(max_tokens=None, audio_turns=None)


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, which no busy machine changes."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def spoken(count: int, *, heard: str | None) -> list[Turn]:
    return [turn(f"t{n}", seconds=1.0, heard=heard, spoken_s=0) for n in range(count)]


@pytest.mark.parametrize("heard", ["hello", None])
@pytest.mark.parametrize("policy", [FULL, FULL.model_copy(update={"max_tokens": 100})])
@pytest.mark.parametrize("max_clips", [None, 0, 3])
def test_twice_the_turns_are_twice_the_work(
    heard: str | None, policy: HistoryPolicy, max_clips: int | None
) -> None:
    capabilities = model(max_clips=max_clips)

    def planned(count: int) -> int:
        turns = spoken(count, heard=heard)
        return calls_of(lambda: plan_history(turns, capabilities, now_s=NOW_S, policy=policy))

    planned(1)  # what is made on first use
    assert planned(400) < 2.2 * planned(200)


class Watching(str):
    """An id that counts how often it is compared, and notes the threads that look it up."""

    n_compared = 0
    threads: set[int]

    def __eq__(self, other: object) -> bool:
        Watching.n_compared += 1
        return str(self) == str(other)

    def __hash__(self) -> int:
        Watching.threads.add(threading.get_ident())
        return hash(str(self))


@pytest.fixture
def watched() -> list[Turn]:
    Watching.n_compared, Watching.threads = 0, set()
    one = turn(said="hello", spoken_s=0)
    return [one.model_copy(update={"id": Watching(f"t{n}")}) for n in range(500)]


@pytest.mark.parametrize("audio_turns", [None, 0, 2])
def test_retention_compares_no_turn_with_all_others(
    watched: list[Turn], audio_turns: int | None
) -> None:
    needs_audio(watched, HistoryPolicy(audio_turns=audio_turns))
    assert Watching.n_compared <= 2 * len(watched)


@pytest.mark.anyio
@pytest.mark.parametrize(("count", "characters"), [(500, 5), (3, 30_000)])
async def test_a_long_history_is_planned_off_the_loop(
    watched: list[Turn], count: int, characters: int
) -> None:
    world = World()
    async with world.client() as client:
        talk = client.conversation()
        for one in watched[:count]:
            said = one.user.model_copy(update={"parts": (TextPart(text="x" * characters),)})
            talk._state.turns.append(one.model_copy(update={"messages": (said, *one.messages[1:])}))
        Watching.threads = set()
        assert (await talk.send("hi")).text == "You said: hi"
        assert Watching.threads
        assert threading.get_ident() not in Watching.threads
