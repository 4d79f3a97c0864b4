from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.profiles import tried

from ossicle.signal.resampling import resample
from ossicle.signal.spectrum import SpectrumMeter, transform_frames
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings


def meter_of(samples: NDArray[np.float32], *, sample_rate: int) -> SpectrumMeter:
    meter = SpectrumMeter(sample_rate=sample_rate, channels=samples.shape[1])
    meter.add(samples)
    return meter


def test_the_bins_add_up_to_the_mean_square() -> None:
    samples = noise(level_dbfs=-20.0, duration_s=4.0, channels=2)
    power = meter_of(samples, sample_rate=24_000).result().power
    assert 10 * math.log10(power.sum()) == pytest.approx(-20.0, abs=0.15)


def test_a_tone_lies_in_its_bin() -> None:
    tone = sine(3000.0, level_dbfs=-10.0, duration_s=2.0, sample_rate=24_000)
    spectrum = meter_of(tone, sample_rate=24_000).result()
    assert np.argmax(spectrum.power) * spectrum.bin_hz == pytest.approx(3000.0, abs=25.0)
    # A sine's mean square is 3.01 dB under that of its amplitude.
    assert 10 * math.log10(spectrum.power.sum()) == pytest.approx(-13.01, abs=0.05)


@pytest.mark.parametrize("band_hz", [4000, 8000, 12_000])
def test_the_bandwidth_survives_a_higher_sample_rate(band_hz: int) -> None:
    narrow = noise(duration_s=2.0, sample_rate=2 * band_hz)
    wide = resample(narrow, sample_rate_in=2 * band_hz, sample_rate_out=48_000)
    found = meter_of(wide, sample_rate=48_000).result().bandwidth_hz
    assert found == pytest.approx(band_hz, rel=0.06)


def test_rounding_to_16_bits_is_no_bandwidth() -> None:
    tone = sine(1000.0, level_dbfs=-60.0, duration_s=2.0)
    dither = np.random.default_rng(0).random((len(tone), 1)) - 0.5
    stored = (np.rint(tone * 32768 + dither) / 32768).astype(np.float32)
    assert meter_of(stored, sample_rate=48_000).result().bandwidth_hz < 1500.0


def test_full_band_noise_reaches_the_nyquist_frequency() -> None:
    assert meter_of(noise(), sample_rate=24_000).result().bandwidth_hz == 12_000.0


@pytest.mark.parametrize("carrier_hz", [17_000.0, 19_500.0, 23_000.0])
def test_a_carrier_nobody_hears_stands_out(carrier_hz: float) -> None:
    voice = resample(noise(), sample_rate_in=24_000, sample_rate_out=48_000)
    carrier = sine(carrier_hz, level_dbfs=-40.0)
    plain = meter_of(voice, sample_rate=48_000).result()
    laden = meter_of(voice + carrier, sample_rate=48_000).result()
    assert plain.high_excess_db < 0.0
    assert laden.high_excess_db > plain.high_excess_db + 20.0
    assert laden.high_dbfs == pytest.approx(-43.01, abs=0.1)


def test_low_sample_rates_hold_nothing_high() -> None:
    spectrum = meter_of(noise(), sample_rate=24_000).result()
    assert (spectrum.high_share, spectrum.high_dbfs, spectrum.high_excess_db) == (
        0.0,
        -math.inf,
        -math.inf,
    )


@pytest.mark.parametrize("sample_rate", [1, 100, 1000, 8000, 48_000, 192_000, 768_000])
def test_any_sample_rate_can_be_measured(sample_rate: int) -> None:
    found = meter_of(noise(duration_s=0.1, sample_rate=8000), sample_rate=sample_rate)
    assert found.result().bandwidth_hz <= sample_rate / 2
    assert transform_frames(sample_rate) >= 0.02 * sample_rate
    assert len(found.shapes().levels_dbfs) == len(found.shapes().spreads)


def test_silence_and_nothing_have_no_spectrum() -> None:
    for samples in (silence(1.0), silence(0.0)):
        found = meter_of(samples, sample_rate=24_000)
        assert found.result().bandwidth_hz == 0.0
        assert found.result().high_share == 0.0
        assert np.all(found.spectrogram().levels_dbfs == -np.inf)


def test_the_picture_shows_a_tone_where_and_when_it_sounds() -> None:
    tone = sine(6000.0, duration_s=1.0, sample_rate=24_000)
    picture = meter_of(
        np.concatenate([silence(1.0), tone, silence(1.0)]), sample_rate=24_000
    ).spectrogram()
    columns, bands = np.nonzero(picture.levels_dbfs > -30.0)
    assert columns.min() * picture.column_s == pytest.approx(1.0, abs=0.05)
    assert (columns.max() + 1) * picture.column_s == pytest.approx(2.0, abs=0.05)
    assert bands.mean() * picture.band_hz == pytest.approx(6000.0, abs=picture.band_hz)


def test_the_picture_stays_small_and_covers_everything() -> None:
    meter = SpectrumMeter(sample_rate=8000, channels=1)
    block = noise(duration_s=8.0, sample_rate=8000)
    for _ in range(20):
        meter.add(block)
    picture = meter.spectrogram()
    assert picture.levels_dbfs.shape[0] <= 1024
    assert picture.levels_dbfs.shape[1] <= 128
    assert len(picture.levels_dbfs) * picture.column_s == pytest.approx(160.0, rel=0.02)
    total = 10 * np.log10(np.mean(np.sum(10.0 ** (picture.levels_dbfs / 10), axis=1)))
    assert total == pytest.approx(-20.0, abs=0.2)


class Everything(SpectrumMeter):
    """All that a spectrum meter tells, at once."""

    def result(self) -> Any:
        return super().result(), self.shapes(), self.spectrogram()


@given(sizes=chunkings(48_000))
@settings(deadline=None, max_examples=tried(20))
def test_any_split_gives_the_same_bits(sizes: tuple[int, ...]) -> None:
    samples = noise(duration_s=2.0, channels=2)
    laws.meter_chunked_is_whole(lambda: Everything(sample_rate=24_000, channels=2), samples, sizes)
