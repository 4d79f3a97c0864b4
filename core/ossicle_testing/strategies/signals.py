"""Signals as short descriptions: Hypothesis shrinks and prints those, not arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossicle.audio import Pcm
from ossicle_testing.short_repr import ShortRepr

SignalKind = Literal["silence", "tone", "speech", "noise", "clipped", "extremes", "impulse"]
"""`speech`: pulses under two formants in syllables with pauses, no words. `clipped`: a tone driven
beyond full scale. `extremes`: −1, 0 and +1 in any order."""

SIGNAL_KINDS: tuple[SignalKind, ...] = get_args(SignalKind)
"""The kinds of `SignalKind`, as a tuple."""

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates that occur, in Hz; simplest first."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Signal(ShortRepr):
    """What a signal sounds like; its samples are a pure function of it.

    Attributes:
        kind: What it is made of.
        frames: How many.
        sample_rate: In Hz.
        channels: A count; every channel is another variant of the same kind.
        level_dbfs: Peak before anything is clipped, 0 or less; no matter for silence, `extremes`
            and `clipped`.
        hertz: Of the tone, the clipped tone, or the voice's pulses.
        seed: Of what is random.
    """

    kind: SignalKind
    frames: int
    sample_rate: int = 16000
    channels: int = 1
    level_dbfs: float = -6.0
    hertz: int = 440
    seed: int = field(default=0)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    @cached_property
    def pcm(self) -> Pcm:
        """The samples; read-only, since they are shared."""
        columns = [self._column(channel) for channel in range(self.channels)]
        samples = np.ascontiguousarray(np.stack(columns, axis=1), np.float32)
        samples.flags.writeable = False
        return Pcm(samples=samples, sample_rate=self.sample_rate)

    def _column(self, channel: int) -> NDArray[np.float64]:
        random = np.random.default_rng([self.seed, channel])
        t: NDArray[np.float64] = np.arange(self.frames) / self.sample_rate
        peak: float = 10 ** (self.level_dbfs / 20)
        wave: NDArray[np.float64] = np.sin(2 * np.pi * self.hertz * t + channel)
        match self.kind:
            case "silence":
                return np.zeros(self.frames)
            case "tone":
                return peak * wave
            case "clipped":
                return np.clip(4 * wave, -1, 1)
            case "noise":
                return peak * random.uniform(-1, 1, self.frames)
            case "extremes":
                return random.integers(-1, 2, self.frames).astype(np.float64)
            case "impulse":
                column: NDArray[np.float64] = np.zeros(self.frames)
                column[random.integers(0, self.frames, min(self.frames, 1))] = peak
                return column
            case "speech":
                return peak * _voice(t, pitch_hz=80 + self.hertz % 200, phase=channel)


def _voice(t: NDArray[np.float64], *, pitch_hz: float, phase: float) -> NDArray[np.float64]:
    """Harmonics under two resonances, four syllables a second, a pause each 1.5 s.

    Source: formants of a neutral vowel at 500 and 1,500 Hz (Fant, "Acoustic Theory of Speech
    Production", 1960, for a tract of 17 cm).
    """
    voice: NDArray[np.float64] = np.zeros(len(t))
    highest_hz = 0.45 / (t[1] - t[0]) if len(t) > 1 else 0.0
    for harmonic in range(1, 20):
        hertz = harmonic * pitch_hz
        if hertz > highest_hz:
            break
        weight = sum(1 / (1 + ((hertz - formant) / 120) ** 2) for formant in (500, 1500))
        voice += weight * np.sin(2 * np.pi * hertz * t + harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 4 * t), 0, 1) * (t % 1.5 < 1.2)
    voice *= syllables
    voice /= max(1e-9, float(np.max(np.abs(voice), initial=0.0)))
    return voice


def signals(
    *,
    kinds: Sequence[SignalKind] = SIGNAL_KINDS,
    min_frames: int = 0,
    max_frames: int = 4096,
    sample_rates: Sequence[int] = RATES,
    max_channels: int = 2,
) -> st.SearchStrategy[Signal]:
    """Signals of these kinds; the simplest is the first kind, short, mono, at the first rate.

    Args:
        kinds: To choose from, simplest first.
        min_frames: At least so many.
        max_frames: At most so many; 0, 1 and odd counts are always among them where allowed.
        sample_rates: In Hz, simplest first.
        max_channels: At most so many.
    """
    facts: dict[str, st.SearchStrategy[Any]] = {
        "kind": st.sampled_from(kinds),
        "frames": st.integers(min_frames, max_frames),
        "sample_rate": st.sampled_from(sample_rates),
        "channels": st.integers(1, max_channels),
        "level_dbfs": st.sampled_from((-6.0, 0.0, -20.0, -40.0, -60.0, -90.0)),
        "hertz": st.integers(20, 3800),
        "seed": st.integers(0, 9999),
    }
    return st.builds(Signal, **facts)
