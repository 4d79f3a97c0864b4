"""The state table at the top of `policy/attempts` is what the code does, row by row."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from tests.core.policy.scripted import ScriptedProvider, Step, answer

from ossicle.errors import AmbiguousOutcomeError, OssicleError, ProviderUnavailableError
from ossicle.messages import ReplyStarted, TextDelta
from ossicle.policy import AttemptStream, Circuit, RetryPolicy, VirtualClock, attempts

pytestmark = pytest.mark.anyio

CLEAN = ProviderUnavailableError("down", provider="vendor", status=503)
UNKNOWN = AmbiguousOutcomeError("?", provider="vendor")
WORD = TextDelta(text="a")
NEVER = RetryPolicy(attempts=1)
ALWAYS = RetryPolicy(on_ambiguous="repeat")


@dataclass(frozen=True)
class Way:
    """How a row is brought about: the first attempt's script, and reads before the one judged."""

    script: Sequence[Step]
    reads: int = 0
    policy: RetryPolicy | None = None
    deadline: float | None = None
    is_down: bool = False
    is_left: bool = False


WAYS: dict[tuple[str, str], list[Way]] = {
    ("waiting", "read"): [Way([ReplyStarted()])],
    ("waiting", "read after the deadline"): [Way(answer(), deadline=-1.0)],
    ("waiting", "read while the circuit is open"): [Way(answer(), is_down=True)],
    ("asked", "`ReplyStarted`"): [Way([ReplyStarted(), ReplyStarted()], reads=1)],
    ("asked", "another event"): [Way([ReplyStarted(), WORD], reads=1)],
    ("asked", "a clean failure, may be repeated"): [Way([CLEAN])],
    ("asked", "a clean failure, may not"): [Way([CLEAN], policy=NEVER)],
    ("asked", "an ambiguous one, may be repeated"): [Way([UNKNOWN], policy=ALWAYS)],
    ("asked", "an ambiguous one, may not"): [Way([UNKNOWN])],
    ("asked", "the end without `Finished`"): [Way([ReplyStarted()], reads=1)],
    ("asked", "the deadline, or is left"): [
        Way([ReplyStarted(), 9.0], reads=1, deadline=5.0),
        Way([ReplyStarted(), WORD], reads=1, is_left=True),
    ],
    ("delivering", "a failure"): [Way([WORD, CLEAN], reads=1)],
    ("delivering", "the end without `Finished`"): [Way([WORD], reads=1)],
    ("delivering", "the deadline, or is left"): [
        Way([WORD, 9.0], reads=1, deadline=5.0),
        Way([WORD, WORD], reads=1, is_left=True),
    ],
    ("delivering", "`Finished`"): [Way(answer(), reads=1)],
    ("complete", "read"): [Way(answer(), reads=2)],
}


def rows() -> list[tuple[str, str, str, str]]:
    _, _, after = (attempts.__doc__ or "").partition("booked as\n")
    lines = after.splitlines()[1:]
    table = lines[: next(n for n, line in enumerate(lines) if line.startswith("==="))]
    found = [re.split(r" {2,}", line.strip()) for line in table]
    return [(state, event, after, booked) for state, event, after, booked in found]


def state_of(stream: AttemptStream, provider: ScriptedProvider) -> str:
    if stream._is_over:
        return "over"
    if provider.opened > 1 or stream._attempt is None:
        return "waiting"  # and from there a new attempt was begun within the same read
    if stream._attempt.fold.is_complete:
        return "complete"
    return "delivering" if stream._attempt.has_delivered else "asked"


def test_each_row_has_a_way() -> None:
    assert [(state, event) for state, event, _, _ in rows()] == [*WAYS]


@pytest.mark.parametrize(
    ("row", "way"),
    [(row, way) for row in rows() for way in WAYS.get((row[0], row[1]), [])],
    ids=lambda one: "-".join(one[:2]) if isinstance(one, tuple) else "",
)
async def test_a_row_is_true(row: tuple[str, str, str, str], way: Way) -> None:
    before, _, after, booked = row
    clock = VirtualClock()
    provider = ScriptedProvider(clock, [way.script, [ReplyStarted(), *answer()]])
    circuit = Circuit("vendor", clock=clock, failures=1 if way.is_down else 10, over_s=0.0)
    if way.is_down:
        circuit.enter()
        circuit.leave(CLEAN)
    stream = provider.stream(policy=way.policy, deadline=way.deadline, circuit=circuit)
    for _ in range(way.reads):
        await anext(stream)
    if way.reads:
        assert state_of(stream, provider) == before
    seen = len(stream.log.attempts)
    if way.is_left:
        await stream.aclose()
    else:
        with contextlib.suppress(OssicleError, StopAsyncIteration):
            await anext(stream)
    assert state_of(stream, provider) == after
    entries = [entry.outcome for entry in stream.log.attempts[seen:]]
    expected = {"nothing": [], "nothing more": [], "`classify`": ["ambiguous"]}
    assert entries == expected.get(booked, [booked])
    await stream.aclose()
