"""Where somebody begins and ends to speak, told while they do.

`find_speech` looks at a whole recording, back and ahead. A conversation cannot: it has to know the
end of a sentence a moment after it, and the room only from what was heard so far. So the level of
10 ms windows, weighted as the ear does, is held against a floor that follows the room: the lowest
tenth of each second, the least of the last five. What rises above it for a moment begins an
utterance, a pause ends it. Then it is held once more against the floor, as that is known by now: a
fan that was switched on, or the room itself in the first second, is no utterance, and no part of
one. Whether what remains is speech and no slammed door is for those to say who check it before it
is sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ossicle.errors import ConfigurationError
from ossicle.signal.blocks import Reblocker, Samples, finite
from ossicle.signal.decibels import power_to_db
from ossicle.signal.filters import StreamFilter
from ossicle.signal.levels import SILENCE_DBFS
from ossicle.signal.loudness import k_weighting, window_frames

_ON_DB = 9.0
_OFF_DB = 5.0
_SMOOTHED = 3
_CELL = 100
_CELLS = 5
_LOWEST_FLOOR_DB = -75.0
_ONSET = 8
_ONSET_WITHIN = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Utterance:
    """A stretch of sound that rose above the room, with a little of what is around it.

    Attributes:
        samples: float32, shape `(frames, channels)`, unfiltered.
        sample_rate: In Hz.
        start_frame: Where it begins, counted from the first frame that the detector got.
        is_cut: Whether it goes on in the next one, because it reached the longest length.
    """

    samples: Samples
    sample_rate: int
    start_frame: int
    is_cut: bool = False

    @property
    def end_frame(self) -> int:
        """The frame after its last one."""
        return self.start_frame + len(self.samples)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


class UtteranceDetector:
    """Cuts a stream of sound into utterances; the same ones, bit by bit, for any split of it.

    Holds at most `longest_s` and a second of sound, however long the stream.

    Args:
        sample_rate: In Hz.
        channels: A count; the sum of all counts.
        pause_s: Seconds of quiet that end an utterance.
        margin_s: Seconds of what was before and after that stay with it, since the first consonant
            is often below the threshold; less where the stream or the utterance before is nearer.
        longest_s: Where it is cut at the latest; the next one then begins with the next frame.

    Raises:
        ConfigurationError: A number makes no sense.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        channels: int = 1,
        pause_s: float = 0.8,
        margin_s: float = 0.3,
        longest_s: float = 60.0,
    ) -> None:
        if sample_rate < 1000 or channels < 1:
            raise ConfigurationError(
                f"{channels} channels of {sample_rate} Hz cannot be listened to",
                fix="Give a sample rate of at least 1000 Hz and at least one channel.",
            )
        if not 0.1 <= pause_s < 60.0 or not 0.0 <= margin_s <= pause_s:
            raise ConfigurationError(
                f"a pause of {pause_s} s with a margin of {margin_s} s ends nothing",
                fix="Give a pause from 0.1 to 60 s, and a margin of no more than it.",
            )
        if not pause_s + margin_s + 0.5 <= longest_s < 3600.0:
            raise ConfigurationError(
                f"no utterance fits into {longest_s} s",
                fix="Give longest_s at least half a second more than pause and margin together.",
            )
        self.sample_rate, self.channels = sample_rate, channels
        self._window = window_frames(sample_rate)
        self._pause, self._margin, self._longest = (
            round(seconds * sample_rate / self._window)
            for seconds in (pause_s, margin_s, longest_s)
        )
        self._floor = _Floor()
        self._position = 0
        self._begin()

    @property
    def is_speaking(self) -> bool:
        """Whether an utterance has begun and not ended."""
        return self._start is not None

    @property
    def held_frames(self) -> int:
        """How many frames are held now."""
        return len(self._held) * self._window + len(self._raw.rest)

    def push(self, block: Samples) -> list[Utterance]:
        """The utterances that end within this block, mostly none.

        Args:
            block: float32, shape `(frames, channels)`, of any length; samples that are no numbers
                count as 0.
        """
        ended: list[Utterance] = []
        clean = finite(block)
        # In pieces of one window, so that no more is held for a long block than for a short one.
        for start in range(0, len(clean), self._window):
            piece = clean[start : start + self._window]
            self._position += len(piece)
            self._held.extend(np.array(whole) for whole in self._raw.push(piece))
            ended += self._judged(self._filter.process(piece))
        return ended

    def finish(self) -> list[Utterance]:
        """What was still being said when the stream ended; the next block begins a new stream.

        The floor of the room stays known.
        """
        ended = list(self._judged(self._filter.flush()))
        ended += self._said(self._last_loud + 1 + self._margin)
        self._begin()
        return ended

    def reset(self) -> None:
        """Forget all sound, but not how loud the room is; the next block begins a new stream."""
        self._begin()

    def _begin(self) -> None:
        self._filter = StreamFilter(k_weighting(self.sample_rate), channels=self.channels, groups=1)
        self._raw = Reblocker(frames=self._window, channels=self.channels)
        self._weighted = Reblocker(frames=self._window, channels=self.channels)
        self._origin = self._position  # frames before this stream
        self._held: deque[Samples] = deque()  # windows from `_first` on
        self._first = self._judged_windows = 0
        self._free = 0  # the first window that belongs to no utterance yet
        self._powers: deque[float] = deque(maxlen=_SMOOTHED)
        self._recent: deque[float] = deque(maxlen=_ONSET_WITHIN)  # levels while nobody speaks
        self._start: int | None = None
        self._last_loud = 0
        self._levels: list[float] = []  # of the windows of the utterance, beginning with this one:
        self._levels_from = 0

    def _judged(self, weighted: Samples) -> Iterator[Utterance]:
        for window in self._weighted.push(weighted):
            self._powers.append(float(np.square(window).mean(dtype=np.float64)) * self.channels)
            level_db = power_to_db(sum(self._powers) / len(self._powers))
            yield from self._next(level_db)

    def _next(self, level_db: float) -> Iterator[Utterance]:
        index = self._judged_windows
        self._judged_windows += 1
        self._floor.add(level_db)
        if self._start is None:
            self._listen(index, level_db)
        else:
            self._levels.append(level_db)
            if level_db > self._floor.off_db:
                self._last_loud = index
            if index - self._last_loud >= self._pause:
                yield from self._end(self._last_loud + 1 + self._margin)
            elif index + 1 - self._start >= self._longest:
                yield from self._cut(index + 1)
        self._let_go()

    def _listen(self, index: int, level_db: float) -> None:
        self._recent.append(level_db)
        is_loud = [level_db > self._floor.on_db for level_db in self._recent]
        if sum(is_loud) < _ONSET:
            return
        heard = index + 1 - len(is_loud) + is_loud.index(True)
        self._start = max(self._free, heard - self._margin)
        self._last_loud = index
        self._levels, self._levels_from = list(self._recent), index + 1 - len(is_loud)
        self._recent.clear()

    def _end(self, end: int) -> Iterator[Utterance]:
        yield from self._said(end)
        self._free, self._start = end, None

    def _cut(self, end: int) -> Iterator[Utterance]:
        yield from self._said(end, is_cut=True)
        self._free = self._start = self._levels_from = end
        self._levels = []

    def _said(self, end: int, *, is_cut: bool = False) -> Iterator[Utterance]:
        """The utterance up to a window, if it was above the room as that is known by now."""
        on_db = self._floor.on_db
        is_loud = [level_db > on_db for level_db in self._levels]
        if self._start is None or sum(is_loud) < _ONSET:
            return
        heard = self._levels_from + is_loud.index(True)
        start = max(self._start, heard - self._margin)
        windows = list(islice(self._held, start - self._first, end - self._first))
        if end > self._judged_windows:  # the stream has ended within its margin
            windows.append(np.array(self._raw.rest))
        yield Utterance(
            samples=np.concatenate(windows),
            sample_rate=self.sample_rate,
            start_frame=self._origin + start * self._window,
            is_cut=is_cut,
        )

    def _let_go(self) -> None:
        """Drop the windows that no utterance can hold any more."""
        needed = self._start
        if needed is None:
            reach = self._margin + _ONSET_WITHIN
            needed = max(self._free, self._judged_windows - reach)
        while self._first < needed and self._held:
            self._held.popleft()
            self._first += 1


class _Floor:
    """How loud the room is when nobody speaks, as far as is known; in dB, K-weighted."""

    def __init__(self) -> None:
        self._cell: list[float] = []
        self._tenths: deque[float] = deque(maxlen=_CELLS)
        self._floor_db = _LOWEST_FLOOR_DB

    @property
    def on_db(self) -> float:
        """What is above it begins an utterance; never below what counts as silence."""
        return max(self._floor_db + _ON_DB, SILENCE_DBFS)

    @property
    def off_db(self) -> float:
        """What is below it belongs to a pause."""
        return self.on_db - (_ON_DB - _OFF_DB)

    def add(self, level_db: float) -> None:
        self._cell.append(level_db)
        if len(self._cell) == _CELL:
            self._tenths.append(sorted(self._cell)[_CELL // 10])
            self._cell = []
            self._floor_db = max(min(self._tenths), _LOWEST_FLOOR_DB)
