"""The signals and cuts that the suites work with: few, fixed, and each there for a reason."""

from __future__ import annotations

from functools import cache

import numpy as np

from ossicle.signal import Samples
from ossicle_testing.strategies.signals import Signal

CUTS: tuple[tuple[int, ...], ...] = ((1000, 1, 0, 7), (0, 333), (4096,))
"""Lengths of blocks, repeated to the end of a signal."""


@cache
def probe_signals() -> tuple[Signal, ...]:
    """Speech, tones, noise, silence and extremes; empty, one frame, odd, many channels."""
    return (
        Signal(kind="speech", frames=16001, sample_rate=16000),
        Signal(kind="tone", frames=9601, sample_rate=24000, channels=2, level_dbfs=-20.0),
        Signal(kind="noise", frames=4800, sample_rate=48000, channels=6, level_dbfs=-40.0),
        Signal(kind="clipped", frames=4411, sample_rate=44100),
        Signal(kind="extremes", frames=2000, sample_rate=8000, channels=2),
        Signal(kind="silence", frames=8000, sample_rate=16000),
        Signal(kind="impulse", frames=1, sample_rate=16000),
        Signal(kind="silence", frames=0, sample_rate=16000),
    )


def cut_blocks(samples: Samples, lengths: tuple[int, ...]) -> list[Samples]:
    """A signal in blocks of these lengths, over and over; an empty one as one empty block."""
    blocks: list[Samples] = []
    start = number = 0
    while start < len(samples):
        length = lengths[number % len(lengths)]
        blocks.append(samples[start : start + length])
        start += length
        number += 1
    return blocks or [np.zeros_like(samples)]
