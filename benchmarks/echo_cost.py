"""CPU time of writing text into tones and of reading it back: `python benchmarks/echo_cost.py`."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ossicle_echo.tones import read_samples, text_to_samples

SENTENCE = "The quick brown fox jumps over the lazy dog."


def cpu_ms(work: Callable[[], object], runs: int = 7) -> float:
    """The shortest of a few runs: a property of the code, not of what else the machine does."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


if __name__ == "__main__":
    samples = np.tile(text_to_samples(SENTENCE, sample_rate=48000), (7, 1))
    print(f"write a sentence: {cpu_ms(lambda: text_to_samples(SENTENCE)):.1f} ms")
    read_ms = cpu_ms(lambda: read_samples(samples, 48000))
    print(f"read {len(samples) / 48000:.1f} s: {read_ms:.1f} ms")
