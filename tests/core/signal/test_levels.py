from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.profiles import tried

from ossicle.signal.levels import LevelMeter, Levels
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings


def levels(samples: NDArray[np.float32], *, sample_rate: int = 24_000) -> Levels:
    meter = LevelMeter(sample_rate=sample_rate, channels=samples.shape[1])
    meter.add(samples)
    return meter.result()


def test_a_full_scale_sine_has_the_levels_of_its_closed_form() -> None:
    found = levels(sine(1000.0, level_dbfs=0.0, sample_rate=24_000))
    assert found.peak_dbfs == pytest.approx(0.0, abs=1e-3)
    assert found.rms_dbfs == pytest.approx(-10 * math.log10(2), abs=1e-4)
    assert found.dc_offset == pytest.approx(0.0, abs=1e-6)


def test_an_offset_is_found_per_channel_and_is_no_sound() -> None:
    samples = np.concatenate([silence(1.0), silence(1.0) - np.float32(0.25)], axis=1)
    found = levels(samples)
    assert [level.dc_offset for level in found.by_channel] == pytest.approx([0.0, -0.25])
    assert found.dc_offset == pytest.approx(-0.25)
    assert found.by_channel[1].rms_dbfs == pytest.approx(20 * math.log10(0.25))
    assert found.silence_share == 1.0


@pytest.mark.parametrize("sample_rate", [8000, 48_000, 192_000, 768_000])
def test_no_offset_is_ever_a_sound(sample_rate: int) -> None:
    for offset in np.linspace(-1.0, 1.0, 41):
        constant = np.full((sample_rate // 10, 1), offset, np.float32)
        found = levels(constant, sample_rate=sample_rate)
        assert found.silence_share == 1.0
        assert found.dc_offset == pytest.approx(float(np.float32(offset)), abs=1e-9)
        assert found.low_share == 0.0


def test_a_faint_sound_beside_a_large_offset_is_heard() -> None:
    faint = sine(1000.0, level_dbfs=-54.0) + np.float32(0.9)
    assert levels(faint, sample_rate=48_000).silence_share == 0.0


def test_digital_silence_is_minus_infinity() -> None:
    found = levels(silence(0.5, channels=2))
    assert found.peak_dbfs == found.rms_dbfs == -math.inf
    assert found.silence_share == 1.0
    assert found.leading_silence_s == found.trailing_silence_s == 0.5
    assert found.silence_marks == ((0.0, 0.5),)
    assert found.dead_channels == ()


def test_silence_is_found_where_it_is() -> None:
    tone = sine(500.0, duration_s=1.0, sample_rate=24_000)
    found = levels(np.concatenate([silence(0.7), tone, silence(0.2), tone, silence(0.6)]))
    assert found.leading_silence_s == pytest.approx(0.7, abs=0.011)
    assert found.trailing_silence_s == pytest.approx(0.6, abs=0.011)
    assert found.silence_share == pytest.approx(1.5 / 3.5, abs=0.01)
    assert np.allclose(found.silence_marks, [(0.0, 0.7), (2.9, 3.5)], atol=0.011)


def test_zeros_that_cut_into_sound_are_dropouts_and_pauses_are_not() -> None:
    samples = noise(duration_s=3.0)
    samples[24_000:24_960] = 0.0
    samples[36_000:54_000] = 0.0
    samples[66_000:] = 0.0
    assert np.allclose(levels(samples).dropout_marks, [(1.0, 1.04)], atol=0.011)


def test_a_sound_that_dies_away_before_the_zeros_is_no_dropout() -> None:
    samples = noise(duration_s=1.0)
    fade = np.concatenate([np.ones(9600), np.geomspace(1, 1e-4, 2400), np.zeros(2400)])
    samples[:14_400] *= fade[:, None].astype(np.float32)
    assert levels(samples).dropout_marks == ()


@pytest.mark.parametrize("offset", [0.0, 0.1, 0.7, 0.95])
def test_a_dead_channel_is_named_whatever_its_offset(offset: float) -> None:
    samples = noise(duration_s=0.5, channels=3)
    samples[:, 1] = offset
    assert levels(samples).dead_channels == (1,)
    assert levels(samples[:, 1:2].copy()).silence_share == 1.0


def test_rumble_counts_as_low_and_a_voice_does_not() -> None:
    rumble = sine(25.0, sample_rate=24_000)
    voice = sine(150.0, sample_rate=24_000)
    assert levels(rumble).low_share > 0.7
    assert levels(voice).low_share < 0.1
    assert levels(voice + np.float32(0.3)).low_share < 0.1


def test_samples_that_are_no_numbers_are_counted() -> None:
    samples = silence(0.1, channels=2)
    samples[3] = np.nan
    samples[5, 0] = np.inf
    found = levels(samples)
    assert found.nonfinite_samples == 3
    assert found.peak_dbfs == -math.inf


def test_no_frames_and_one_frame() -> None:
    assert levels(silence(0.0)).peak_dbfs == -math.inf
    assert levels(silence(0.0)).silence_share == 1.0
    one = levels(np.array([[0.5]], np.float32))
    assert one.peak_dbfs == one.rms_dbfs == pytest.approx(20 * math.log10(0.5))
    assert one.dc_offset == 0.5


@given(sizes=chunkings(29_616), channels=st.integers(1, 3), rate=st.sampled_from([8000, 24_000]))
@settings(deadline=None, max_examples=tried(40))
def test_any_split_gives_the_same_bits(sizes: tuple[int, ...], channels: int, rate: int) -> None:
    samples = noise(level_dbfs=-6.0, duration_s=1.234, channels=channels)
    samples[: rate // 2] *= np.float32(1e-5)
    laws.meter_chunked_is_whole(
        lambda: LevelMeter(sample_rate=rate, channels=channels), samples, sizes
    )
