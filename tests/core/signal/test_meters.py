from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.profiles import tried

from ossicle.errors import ConfigurationError
from ossicle.signal.clipping import ClippingMeter
from ossicle.signal.meters import Meter, measure
from ossicle.signal.resampling import resample
from ossicle_testing import laws
from ossicle_testing.strategies import Signal, chunkings, signals


@given(sizes=chunkings(40_800), channels=st.integers(1, 2))
@settings(deadline=None, max_examples=tried(20))
def test_any_split_gives_the_same_measurements(sizes: tuple[int, ...], channels: int) -> None:
    samples = noise(level_dbfs=-6.0, duration_s=1.7, channels=channels)
    samples[3000:20_000] *= np.float32(0.01)
    laws.meter_chunked_is_whole(lambda: Meter(24_000, channels), samples, sizes)


@given(
    signals(kinds=("tone", "speech", "noise", "silence"), min_frames=1, max_frames=12_000),
    st.sampled_from([-12.0, -0.5, 3.0]),
    st.sampled_from(["peak_dbfs", "rms_dbfs", "true_peak_dbtp", "loudness_lufs"]),
)
@settings(deadline=None, max_examples=tried(30))
def test_levels_move_with_the_gain(signal: Signal, gain_db: float, name: str) -> None:
    def level(samples: NDArray[np.float32]) -> float:
        return float(getattr(measure(samples, sample_rate=signal.sample_rate), name))

    laws.gain_commutes(level, signal.pcm.samples, gain_db)


def test_a_997_hz_sine_has_the_figures_of_its_closed_form() -> None:
    tone = sine(997.0, level_dbfs=-20.0, duration_s=5.0)
    found = measure(tone, sample_rate=48_000)
    assert found.duration_s == 5.0
    assert found.peak_dbfs == pytest.approx(-20.0, abs=0.01)
    assert found.true_peak_dbtp == pytest.approx(-20.0, abs=0.1)
    assert found.rms_dbfs == pytest.approx(-23.01, abs=0.01)
    assert found.loudness_lufs == pytest.approx(-23.0, abs=0.1)
    assert found.bandwidth_hz == pytest.approx(997.0, abs=500.0)
    assert found.silence_share == 0.0
    assert found.speech_s == 0.0


def test_figures_are_finite_and_fit_into_json() -> None:
    figures = measure(silence(1.0), sample_rate=24_000).figures()
    assert "peak_dbfs" not in figures
    assert figures["silence_share"] == 1.0
    assert all(math.isfinite(value) for value in figures.values())
    json.dumps(figures, allow_nan=False)


@pytest.mark.parametrize("channels", [1, 2, 6, 8, 17])
def test_any_number_of_channels_can_be_measured(channels: int) -> None:
    found = measure(noise(duration_s=0.5, channels=channels), sample_rate=24_000)
    assert len(found.by_channel) == channels
    assert found.rms_dbfs == pytest.approx(-20.0, abs=0.3)


@pytest.mark.parametrize("frames", [0, 1, 2, 13, 239, 240, 241, 24_001])
def test_any_length_can_be_measured(frames: int) -> None:
    found = measure(noise(duration_s=2.0)[:frames], sample_rate=24_000)
    assert found.frames == frames
    assert (found.peak_dbfs > -80.0) == (frames > 0)


def test_the_outline_is_small_and_touches_the_peaks() -> None:
    samples = noise(duration_s=60.0, sample_rate=1000)
    found = measure(samples, sample_rate=1000)
    assert len(found.envelope.minima) <= 2048
    assert found.envelope.maxima.max() == samples.max()
    assert found.envelope.minima.min() == samples.min()


def test_clipping_that_resampling_hides_can_be_carried_over() -> None:
    source = np.clip(sine(600.0, level_dbfs=0.5, duration_s=1.0) * 2, -1.0, 1.0)
    watch = ClippingMeter(sample_rate=48_000, channels=1)
    watch.add(source)
    after = measure(
        resample(source, sample_rate_in=48_000, sample_rate_out=16_000), sample_rate=16_000
    )
    carried = after.with_clipping(watch.result())
    assert carried.clipped_share == watch.result().share > 0.5
    assert carried.clipping_marks == watch.result().marks
    assert carried.loudness_lufs == after.loudness_lufs
    assert carried.with_clipping(ClippingMeter(sample_rate=8000, channels=1).result()) is carried


def test_asking_twice_gives_the_same() -> None:
    meter = Meter(24_000, 1)
    meter.add(noise())
    assert meter.result().figures() == meter.result().figures()


def test_measurements_can_be_sent_to_another_process() -> None:
    found = measure(noise(), sample_rate=24_000)
    assert pickle.loads(pickle.dumps(found)).figures() == found.figures()


@pytest.mark.parametrize(("sample_rate", "channels"), [(0, 1), (8000, 0)])
def test_impossible_shapes_are_refused(sample_rate: int, channels: int) -> None:
    with pytest.raises(ConfigurationError):
        Meter(sample_rate, channels)
