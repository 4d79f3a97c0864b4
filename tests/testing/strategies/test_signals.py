"""Signals are what they say, and every kind and edge is drawn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from tests.profiles import tried
from tests.testing.strategies.finding import simplest

from ossicle_testing.strategies import SIGNAL_KINDS, Signal, SignalKind, signals


@settings(deadline=None, max_examples=tried(50))
@given(signals(max_frames=500))
def test_samples_have_the_shape_that_is_told(signal: Signal) -> None:
    samples = signal.pcm.samples
    assert samples.shape == (signal.frames, signal.channels)
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()
    assert np.abs(samples).max(initial=0.0) <= 1.0
    assert np.array_equal(samples, eval(repr(signal)).pcm.samples)


@pytest.mark.parametrize("kind", SIGNAL_KINDS)
def test_every_kind_is_drawn_and_is_simplest_as_one_frame(kind: SignalKind) -> None:
    found = simplest(signals(), lambda signal: signal.kind == kind and signal.frames > 0)
    assert (found.frames, found.channels, found.sample_rate) == (1, 1, 8000)
    assert len(repr(found)) < 130


def test_edges_are_drawn() -> None:
    assert simplest(signals(), lambda signal: signal.frames == 0)
    assert simplest(signals(), lambda signal: signal.frames % 2 == 1 and signal.channels == 2)


@pytest.mark.parametrize("level_dbfs", [0.0, -20.0])
@pytest.mark.parametrize("kind", ["tone", "speech", "impulse"])
def test_the_level_is_the_peak(kind: SignalKind, level_dbfs: float) -> None:
    signal = Signal(kind=kind, frames=16000, level_dbfs=level_dbfs)
    peak_dbfs = 20 * np.log10(np.abs(signal.pcm.samples).max())
    assert peak_dbfs == pytest.approx(level_dbfs, abs=0.1)


def test_the_extremes_reach_both_ends_and_clipping_stays_there() -> None:
    extremes = Signal(kind="extremes", frames=100).pcm.samples
    assert set(np.unique(extremes)) == {-1.0, 0.0, 1.0}
    clipped = Signal(kind="clipped", frames=16000).pcm.samples
    # A sine of four times full scale is over it for 1 - 2/pi * asin(1/4) of the time.
    assert np.mean(np.abs(clipped) == 1) == pytest.approx(1 - 2 / np.pi * np.arcsin(0.25), abs=0.01)


def test_speech_pauses_and_has_its_energy_below_4_khz() -> None:
    samples = Signal(kind="speech", frames=32000, sample_rate=16000).pcm.samples[:, 0]
    assert np.mean(np.abs(samples) < 1e-6) > 0.3
    power = np.abs(np.fft.rfft(samples)) ** 2
    assert power[: len(power) // 2].sum() > 0.99 * power.sum()


def test_the_strategies_load_only_when_named() -> None:
    code = "import sys, ossicle_testing; assert 'hypothesis' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
