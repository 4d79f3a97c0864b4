from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.signal.signals import noise, sine
from tests.profiles import tried

from ossicle.errors import ConfigurationError
from ossicle.signal.filters import Biquad, HighPass, StreamFilter, high_pass_section
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings


def recursion(sections: tuple[Biquad, ...], samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The difference equation itself, sample by sample, in double precision."""
    values = samples.astype(np.float64).tolist()
    for section in sections:
        before = [0.0, 0.0, 0.0, 0.0]
        for index, value in enumerate(values):
            result = (
                section.b0 * value + section.b1 * before[0] + section.b2 * before[1]
                - section.a1 * before[2] - section.a2 * before[3]
            )  # fmt: skip
            before = [value, before[0], result, before[2]]
            values[index] = result
    return np.array(values)


def whole(stream: StreamFilter, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([stream.process(samples), stream.flush()])


@pytest.mark.parametrize("cutoff_hz", [20.0, 80.0, 3000.0])
def test_products_equal_the_difference_equation(cutoff_hz: float) -> None:
    samples = noise(duration_s=0.5) + np.float32(0.5)
    section = high_pass_section(cutoff_hz=cutoff_hz, sample_rate=24_000)
    filtered = whole(StreamFilter((section, section), channels=1), samples)[:, 0]
    assert np.abs(filtered - recursion((section, section), samples[:, 0])).max() < 1e-6


@pytest.mark.parametrize(
    ("frequency_hz", "expected_db"),
    [(100.0, -3.0103), (50.0, -12.3), (25.0, -24.1), (200.0, -0.263), (1000.0, 0.0)],
)
def test_the_response_is_butterworth(frequency_hz: float, expected_db: float) -> None:
    # |H|² = 1 / (1 + (fc/f)⁴); the bilinear warp is negligible this far below Nyquist.
    assert expected_db == pytest.approx(-10 * math.log10(1 + (100.0 / frequency_hz) ** 4), abs=0.05)
    tone = sine(frequency_hz, level_dbfs=0.0, duration_s=2.0)
    filtered = whole(HighPass(cutoff_hz=100.0, sample_rate=48_000, channels=1), tone)[48_000:]
    level_db = 10 * math.log10(2 * float(np.mean(filtered.astype(np.float64) ** 2)))
    assert level_db == pytest.approx(expected_db, abs=0.05)


def test_a_constant_offset_is_removed() -> None:
    offset = np.full((48_000, 1), 0.5, np.float32)
    filtered = whole(HighPass(cutoff_hz=20.0, sample_rate=24_000, channels=1), offset)
    assert np.abs(filtered[24_000:]).max() < 1e-6


@given(data=st.data(), length=st.integers(0, 6000), channels=st.integers(1, 3))
@settings(deadline=None, max_examples=tried(50))
def test_any_split_gives_the_same_bits(data: st.DataObject, length: int, channels: int) -> None:
    def start() -> HighPass:
        return HighPass(cutoff_hz=80.0, sample_rate=24_000, channels=channels)

    samples = noise(duration_s=length / 24_000, channels=channels)
    laws.transform_chunked_is_whole(start, samples, data.draw(chunkings(len(samples))))
    assert whole(start(), samples).shape == samples.shape


def test_no_more_is_held_back_than_declared() -> None:
    stream = HighPass(cutoff_hz=80.0, sample_rate=24_000, channels=1)
    given_frames = returned = 0
    for size in (1, 700, 5000, 2048, 2047, 1):
        given_frames += size
        returned += len(stream.process(np.zeros((size, 1), np.float32)))
        assert given_frames - returned <= stream.latency_frames


def test_channels_do_not_touch_each_other() -> None:
    both = noise(duration_s=0.3, channels=2)
    apart = [
        whole(HighPass(cutoff_hz=80.0, sample_rate=24_000, channels=1), both[:, [channel]])
        for channel in range(2)
    ]
    together = whole(HighPass(cutoff_hz=80.0, sample_rate=24_000, channels=2), both)
    assert np.array_equal(together, np.concatenate(apart, axis=1))


def test_one_missing_number_does_not_silence_the_rest() -> None:
    samples = noise(duration_s=0.2)
    samples[10] = np.nan
    samples[11] = np.inf
    filtered = whole(HighPass(cutoff_hz=80.0, sample_rate=24_000, channels=1), samples)
    assert np.isfinite(filtered).all()
    assert np.abs(filtered[-1000:]).max() > 0.01


@pytest.mark.parametrize("cutoff_hz", [0.0, -1.0, 4000.0, math.nan])
def test_impossible_cutoffs_are_refused(cutoff_hz: float) -> None:
    with pytest.raises(ConfigurationError):
        HighPass(cutoff_hz=cutoff_hz, sample_rate=8000, channels=1)
