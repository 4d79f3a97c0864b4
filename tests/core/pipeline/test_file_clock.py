"""Times of what was heard are those of the file that was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ossicle.audio import AudioClip
from ossicle.messages import AudioRecord, Reply, Segment, SegmentReported, TextDelta
from ossicle.pipeline.file_clock import FileClock
from ossicle.pipeline.prepare import PreparedClip


def prepared(start_s: float) -> PreparedClip:
    clip = AudioClip.from_pcm(bytes(32), sample_rate=8000)
    record = AudioRecord(
        source="x", result="x", duration_s=1.0, result_duration_s=1.0, n_bytes=1,
        result_n_bytes=1, digest="sha256:0", steps=(),
    )  # fmt: skip
    facts = replace(clip.facts, start_s=start_s)
    return PreparedClip(clip=clip, source=facts, record=record, measurements=None)


SEGMENT = Segment(text="hello", start_s=1.0, end_s=2.5)
UNTIMED = Segment(text="hello")


def test_segments_and_words_are_moved_by_the_start() -> None:
    clock = FileClock([prepared(4.0)])
    moved = clock.event(SegmentReported(segment=SEGMENT))
    assert moved == SegmentReported(segment=replace(SEGMENT, start_s=5.0, end_s=6.5))
    reply = Reply(provider="x", model="y", segments=(SEGMENT, UNTIMED), finish_reason="stop")
    assert clock.reply(reply).segments == (replace(SEGMENT, start_s=5.0, end_s=6.5), UNTIMED)
    assert clock.note is not None
    assert "4.00 s" in clock.note


@pytest.mark.parametrize("clips", [[], [prepared(0.0)], [prepared(4.0), prepared(1.0)]])
def test_without_one_clock_nothing_is_moved(clips: list[PreparedClip]) -> None:
    clock = FileClock(clips)
    event = SegmentReported(segment=SEGMENT)
    assert clock.event(event) is event
    assert clock.note is None


def test_other_events_pass() -> None:
    event = TextDelta(text="hello")
    assert FileClock([prepared(4.0)]).event(event) is event
