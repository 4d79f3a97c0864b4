"""Clipping: runs of samples at full scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ossicle.signal.blocks import Samples, finite
from ossicle.signal.runs import MAX_MARKS, Marks, runs

FULL_SCALE = 0.9999
"""From here on a sample counts as full scale: the four highest 16-bit values, and all beyond."""

SHORTEST_RUN = 3
"""A sound wave may touch full scale with a sample or two; it does not stay there."""

_MERGED_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipping:
    """Runs of at least three consecutive samples at full scale, in any channel.

    Attributes:
        runs: How many.
        samples: How many samples they hold.
        share: Share of all samples, 0 to 1.
        marks: Where; runs less than 50 ms apart are one mark, and at most 200 are kept.
    """

    runs: int
    samples: int
    share: float
    marks: Marks


class ClippingMeter:
    """Counts clipping in a stream; exact at any split.

    Cheap enough to watch a source before it is resampled, which would hide flat tops.

    Args:
        sample_rate: In Hz.
        channels: A count.
    """

    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self._frames = 0
        self._runs = 0
        self._samples = 0
        self._open = [0] * channels
        self._marks: list[tuple[int, int]] = []

    def add(self, block: Samples) -> None:
        """Count in a block of any length."""
        found: list[tuple[int, int]] = []
        # Two passes for the extremes are far cheaper than one that looks at every sample alone.
        # A nan is no extreme, but makes both of them nan, and so leads to the closer look.
        if len(block) and (
            any(self._open) or not (block.max() < FULL_SCALE and block.min() > -FULL_SCALE)
        ):
            for channel in range(block.shape[1]):
                found += self._channel_runs(block, channel)
        self._frames += len(block)
        for start, end in sorted(found):
            self._count(start, end)

    def result(self, rest: Samples | None = None) -> Clipping:
        """What was counted so far, and in `rest` as if it came next."""
        copy = ClippingMeter(sample_rate=self.sample_rate, channels=len(self._open))
        copy._frames, copy._runs, copy._samples = self._frames, self._runs, self._samples
        copy._open, copy._marks = list(self._open), list(self._marks)
        if rest is not None:
            copy.add(rest)
        # A frame of silence ends the runs that are still open.
        total = copy._frames * len(copy._open)
        copy.add(np.zeros((1, len(copy._open)), np.float32))
        return Clipping(
            runs=copy._runs,
            samples=copy._samples,
            share=copy._samples / total if total else 0.0,
            marks=tuple(
                (start / self.sample_rate, end / self.sample_rate) for start, end in copy._marks
            ),
        )

    def _channel_runs(self, block: Samples, channel: int) -> list[tuple[int, int]]:
        flags = np.abs(finite(block[:, channel : channel + 1])[:, 0]) >= FULL_SCALE
        starts, ends = runs(flags)
        begun, self._open[channel] = self._open[channel], 0
        found = [
            (self._frames + int(start), self._frames + int(end))
            for start, end in zip(starts, ends, strict=True)
        ]
        if begun and not flags[0]:
            found.insert(0, (self._frames - begun, self._frames))
        elif begun:
            found[0] = (self._frames - begun, found[0][1])
        if flags[-1]:
            start, end = found.pop()
            self._open[channel] = end - start
        return [(start, end) for start, end in found if end - start >= SHORTEST_RUN]

    def _count(self, start: int, end: int) -> None:
        self._runs += 1
        self._samples += end - start
        gap = round(_MERGED_S * self.sample_rate)
        if self._marks and start <= self._marks[-1][1] + gap:
            first, last = self._marks[-1]
            self._marks[-1] = (min(first, start), max(last, end))
        elif len(self._marks) < MAX_MARKS:
            self._marks.append((start, end))
