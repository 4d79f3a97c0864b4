"""What an author reads when a property fails: short, in one line where it can be."""

from __future__ import annotations

import pytest
from hypothesis.strategies import SearchStrategy
from tests.testing.strategies.finding import report

from ossicle_testing.strategies import (
    Signal,
    capabilities,
    clips,
    conversation_steps,
    conversations,
    event_streams,
    fault_schedules,
    faults,
    malformed_headers,
    signals,
    skewed_clocks,
    tools,
    written_clips,
)


@pytest.mark.slow
def test_a_clip_is_told_with_its_signal_and_writer_in_short() -> None:
    told = " ".join(report(written_clips(), lambda made: made.clip.format.container == "flac"))
    assert "Signal(kind='tone', frames=1" in told
    assert "soundfile:flac/flac" in told
    assert "CodecRule" not in told
    assert len(told) < 300


def test_a_signal_and_a_fault_are_told_in_a_line() -> None:
    [signal] = report(signals(), lambda signal: signal.frames > 1)
    assert signal.startswith("example=Signal(kind='silence', frames=2")
    [fault] = report(faults(), lambda fault: fault.executes is False)
    assert fault == "example=Fault(kind='status_500', executes=False),"


MANY: list[tuple[SearchStrategy[object], int]] = [
    (capabilities(), 12),
    (clips(), 3),
    (conversation_steps(), 3),
    (conversations(), 3),
    (event_streams(), 3),
    (fault_schedules(), 2),
    (malformed_headers(), 2),
    (skewed_clocks(), 2),
    (tools(), 2),
]


@pytest.mark.parametrize(("strategy", "most"), MANY, ids=lambda value: str(value)[:24])
def test_the_simplest_of_everything_is_told_in_a_few_lines(
    strategy: SearchStrategy[object], most: int
) -> None:
    told = report(strategy, lambda example: True)
    assert len(told) <= most
    assert sum(map(len, told)) < 700


def test_what_is_printed_can_be_typed_in_again() -> None:
    for signal in (Signal(kind="tone", frames=3), Signal(kind="noise", frames=1, seed=7)):
        assert eval(repr(signal)) == signal
    assert repr(Signal(kind="tone", frames=3)) == "Signal(kind='tone', frames=3)"
