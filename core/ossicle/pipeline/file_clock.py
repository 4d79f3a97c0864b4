"""Times of what was heard, on the clock of the file: captions stand beside its video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ossicle.messages import Event, Reply, Segment, SegmentReported
from ossicle.pipeline.prepare import PreparedClip


class FileClock:
    """Moves times from the audio's start to the file's; does nothing where both are one.

    Args:
        prepared: The clips of a call; with several there is no clock that is theirs alone.
    """

    def __init__(self, prepared: Sequence[PreparedClip]) -> None:
        self._start_s = prepared[0].source.start_s if len(prepared) == 1 else 0.0

    @property
    def note(self) -> str | None:
        """What the receipt says; `None` where nothing was moved."""
        if not self._start_s:
            return None
        return f"the audio begins {self._start_s:.2f} s into the file; times count from the file's"

    def event(self, event: Event) -> Event:
        """The event with its times moved."""
        if self._start_s and isinstance(event, SegmentReported):
            return replace(event, segment=self._moved(event.segment))
        return event

    def reply(self, reply: Reply) -> Reply:
        """The reply with its times moved."""
        if not self._start_s or not reply.segments:
            return reply
        return reply.model_copy(update={"segments": tuple(map(self._moved, reply.segments))})

    def _moved(self, segment: Segment) -> Segment:
        start_s, end_s = (
            None if time_s is None else time_s + self._start_s
            for time_s in (segment.start_s, segment.end_s)
        )
        return replace(segment, start_s=start_s, end_s=end_s)
