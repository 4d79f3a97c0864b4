"""What arithmetic on samples costs, in milliseconds of CPU time for each hour of audio.

Usage: python benchmarks/signal_cost.py [SECONDS]

Runs every step over SECONDS (default 120) of made sound that comes and goes like speech, three
times, in blocks of 65,536 frames, and prints the best. CPU time of all threads is counted: a step
that wakes a pool of threads pays for it here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ossicle.preprocess import HighPassFilter, Loudness, TrimSilence
from ossicle.signal import (
    ClippingMeter,
    HighPass,
    LevelMeter,
    LoudnessMeter,
    Meter,
    Resampler,
    SpectrumMeter,
    TruePeakMeter,
    downmix,
    float_to_s16,
    int_to_float,
    measure,
    mulaw_encode,
)

Samples = NDArray[np.float32]
Step = Callable[[Samples], object]

BLOCK_FRAMES = 1 << 16
ROUNDS = 3


def babble(duration_s: float, *, sample_rate: int, channels: int) -> Samples:
    """Noise with the loudness contour of speech: syllables, pauses, 40 dB between them."""
    frames = round(duration_s * sample_rate)
    time_s = np.arange(frames) / sample_rate
    syllables = np.clip(np.sin(2 * np.pi * 4.0 * time_s), 0.01, 1.0)
    phrases = np.where((time_s % 3.0) < 2.2, 1.0, 0.02)
    values = np.random.default_rng(0).standard_normal((frames, channels), np.float32)
    return (0.1 * (syllables * phrases)[:, None] * values).astype(np.float32)


def full_scale_tone(duration_s: float, *, sample_rate: int) -> Samples:
    """The worst case for the true peak: no window can be passed over."""
    time_s = np.arange(round(duration_s * sample_rate)) / sample_rate
    return (0.9 * np.sin(2 * np.pi * 440.0 * time_s)).astype(np.float32)[:, None]


def cost_ms_per_hour(make: Callable[[], Step], samples: Samples, sample_rate: int) -> float:
    """The best of some rounds; building a step counts, as it does for every short clip."""
    best = np.inf
    for _ in range(ROUNDS):
        begun = time.process_time()
        step = make()
        for start in range(0, len(samples), BLOCK_FRAMES):
            step(samples[start : start + BLOCK_FRAMES])
        best = min(best, time.process_time() - begun)
    return best * 1000.0 * 3600.0 * sample_rate / len(samples)


def main() -> None:
    duration_s = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    mono = babble(duration_s, sample_rate=24_000, channels=1)
    stereo = babble(duration_s, sample_rate=44_100, channels=2)
    tone = full_scale_tone(duration_s, sample_rate=24_000)
    stored = float_to_s16(mono)
    measured = measure(mono, sample_rate=24_000)
    shape = {"sample_rate": 24_000, "channels": 1}
    rows: list[tuple[str, Callable[[], Step], Samples, int]] = [
        ("downmix, 44.1 kHz stereo", lambda: downmix, stereo, 44_100),
        ("resample 44.1 to 24 kHz, mono",
         lambda: Resampler(sample_rate_in=44_100, sample_rate_out=24_000, channels=1).process,
         stereo[:, :1].copy(), 44_100),
        ("high-pass", lambda: HighPass(cutoff_hz=80.0, **shape).process, mono, 24_000),
        ("float to s16", lambda: float_to_s16, mono, 24_000),
        ("s16 to float",
         lambda: lambda block: int_to_float(stored[: len(block)], 16), mono, 24_000),
        ("s16 to mu-law",
         lambda: lambda block: mulaw_encode(stored[: len(block)]), mono, 24_000),
        ("levels, silence, clipping", lambda: LevelMeter(**shape).add, mono, 24_000),
        ("clipping alone, 44.1 kHz stereo",
         lambda: ClippingMeter(sample_rate=44_100, channels=2).add, stereo, 44_100),
        ("loudness", lambda: LoudnessMeter(**shape).add, mono, 24_000),
        ("true peak", lambda: TruePeakMeter(channels=1).add, mono, 24_000),
        ("true peak, worst case", lambda: TruePeakMeter(channels=1).add, tone, 24_000),
        ("spectrum, bandwidth, picture", lambda: SpectrumMeter(**shape).add, mono, 24_000),
        ("all of one metering pass", lambda: Meter(24_000, 1).add, mono, 24_000),
        ("all of it, 44.1 kHz stereo", lambda: Meter(44_100, 2).add, stereo, 44_100),
        ("preprocess high_pass",
         lambda: HighPassFilter().start(sample_rate=24_000, channels=1).process, mono, 24_000),
        ("preprocess trim_silence",
         lambda: TrimSilence().start(
             sample_rate=24_000, channels=1, measurements=measured).process, mono, 24_000),
        ("preprocess loudness",
         lambda: Loudness().start(
             sample_rate=24_000, channels=1, measurements=measured).process, mono, 24_000),
    ]  # fmt: skip
    print(f"ms of CPU time per hour of audio; {duration_s:g} s, best of {ROUNDS}; 24 kHz mono")
    for name, make, samples, sample_rate in rows:
        print(f"{name:<34} {cost_ms_per_hour(make, samples, sample_rate):8.0f}")
    meter = Meter(24_000, 1)
    meter.add(mono)
    begun = time.process_time()
    meter.result()
    seconds = time.process_time() - begun
    print(f"{'the result of a pass':<34} {seconds * 1000 * 3600 / duration_s:8.0f}")


if __name__ == "__main__":
    main()
