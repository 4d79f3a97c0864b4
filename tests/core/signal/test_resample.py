from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.signal.signals import noise, sine
from tests.profiles import tried

from ossicle.errors import ConfigurationError
from ossicle.signal.resampling import Resampler, resample, resampled_frames
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings

RATES = st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])


def level_db(samples: NDArray[np.float32]) -> float:
    """RMS of the middle, relative to a full-scale sine."""
    middle = samples[len(samples) // 5 : -len(samples) // 5].astype(np.float64)
    return float(10.0 * np.log10(2.0 * np.mean(middle**2) + 1e-30))


@pytest.mark.parametrize(
    ("source", "target"), [(44_100, 24_000), (48_000, 16_000), (48_000, 24_000)]
)
@pytest.mark.parametrize("share", [1.02, 1.05, 1.1, 1.2, 1.5])
def test_tones_above_the_new_nyquist_are_100_db_down(
    source: int, target: int, share: float
) -> None:
    frequency_hz = share * target / 2
    if frequency_hz >= source / 2:
        pytest.skip("above the source's own Nyquist frequency")
    tone = sine(frequency_hz, level_dbfs=-1.0, sample_rate=source)
    assert level_db(resample(tone, sample_rate_in=source, sample_rate_out=target)) <= -101.0


@pytest.mark.parametrize(("source", "target"), [(44_100, 24_000), (16_000, 48_000), (8000, 16_000)])
def test_a_tone_in_the_pass_band_equals_its_closed_form(source: int, target: int) -> None:
    tone = sine(997.0, level_dbfs=-1.0, sample_rate=source)
    expected = sine(997.0, level_dbfs=-1.0, sample_rate=target)
    difference = resample(tone, sample_rate_in=source, sample_rate_out=target) - expected
    assert level_db(difference) <= -110.0


@given(frames=st.integers(0, 3000), source=RATES, target=RATES)
@settings(deadline=None, max_examples=tried(60))
def test_the_length_is_the_exact_ratio_rounded(frames: int, source: int, target: int) -> None:
    got = resample(np.zeros((frames, 1), np.float32), sample_rate_in=source, sample_rate_out=target)
    exact = Fraction(frames * target, source)
    assert abs(len(got) - exact) <= Fraction(1, 2)
    assert len(got) == resampled_frames(frames, sample_rate_in=source, sample_rate_out=target)


@given(sizes=chunkings(4800), source=RATES, target=RATES, channels=st.integers(1, 3))
@settings(deadline=None, max_examples=tried(40))
def test_any_split_gives_the_same_bits(
    sizes: tuple[int, ...], source: int, target: int, channels: int
) -> None:
    samples = noise(duration_s=0.2, channels=channels)
    laws.transform_chunked_is_whole(
        lambda: Resampler(sample_rate_in=source, sample_rate_out=target, channels=channels),
        samples,
        sizes,
    )


@given(source=RATES, via=RATES)
@settings(deadline=None, max_examples=tried(30))
def test_speech_survives_the_way_to_another_rate_and_back(source: int, via: int) -> None:
    samples = noise(duration_s=0.2, channels=2)
    laws.resampling_round_trips(samples, sample_rate=source, via=via)


@pytest.mark.parametrize("surplus", [-2, 0, 2])
def test_the_length_is_exact_even_if_the_library_is_not(
    monkeypatch: pytest.MonkeyPatch, surplus: int
) -> None:
    class Inexact:
        def __init__(self, *shape: object, **options: object) -> None:
            pass

        def resample_chunk(self, block: NDArray[np.float32], *, last: bool) -> NDArray[np.float32]:
            return np.ones((500 + surplus if last else 0, 1), np.float32)

    monkeypatch.setattr("soxr.ResampleStream", Inexact)
    samples = np.ones((1000, 1), np.float32)
    assert len(resample(samples, sample_rate_in=16_000, sample_rate_out=8000)) == 500


def test_the_same_rate_changes_nothing() -> None:
    samples = noise(duration_s=0.01)
    assert np.array_equal(resample(samples, sample_rate_in=8000, sample_rate_out=8000), samples)


def test_silence_stays_digital_silence() -> None:
    quiet = np.zeros((4800, 2), np.float32)
    assert not resample(quiet, sample_rate_in=48_000, sample_rate_out=16_000).any()


def test_what_is_no_number_does_not_spread() -> None:
    samples = sine(440.0, duration_s=0.1)
    samples[100] = np.nan
    assert np.isfinite(resample(samples, sample_rate_in=48_000, sample_rate_out=16_000)).all()


@pytest.mark.parametrize("wrong", ["sample_rate_in", "sample_rate_out", "channels"])
def test_impossible_shapes_are_refused(wrong: str) -> None:
    shape = {"sample_rate_in": 8000, "sample_rate_out": 16_000, "channels": 1} | {wrong: 0}
    with pytest.raises(ConfigurationError):
        Resampler(**shape)
