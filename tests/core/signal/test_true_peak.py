from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.profiles import tried

from ossicle.signal.true_peak import TruePeakMeter
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings


def true_peak(samples: NDArray[np.float32]) -> float:
    meter = TruePeakMeter(channels=samples.shape[1])
    meter.add(samples)
    return meter.result()


# EBU Tech 3341 (2016), table 2, cases 15 to 19; tolerance +0.2 and -0.4 dB. Their sines start and
# end softly: an abrupt start is a peak of its own.
@pytest.mark.parametrize(
    ("divisor", "amplitude", "phase_degrees", "expected_dbtp"),
    [(4, 0.5, 0.0, -6.0), (4, 0.5, 45.0, -6.0), (6, 0.5, 60.0, -6.0), (8, 0.5, 67.5, -6.0),
     (4, 1.41, 45.0, 3.0)],
)  # fmt: skip
def test_the_ebu_cases(
    divisor: int, amplitude: float, phase_degrees: float, expected_dbtp: float
) -> None:
    tone = sine(
        48_000 / divisor, level_dbfs=20 * math.log10(amplitude), phase_degrees=phase_degrees
    )
    fade = np.clip(np.arange(48_000) / 2400, 0, 1)
    tone *= (fade * fade[::-1])[:, None].astype(np.float32)
    assert expected_dbtp - 0.4 <= true_peak(tone) <= expected_dbtp + 0.2


@given(sizes=chunkings(36_000), seed=st.integers(0, 50), channels=st.integers(1, 3))
@settings(deadline=None, max_examples=tried(30))
def test_any_split_gives_the_same_bits(sizes: tuple[int, ...], seed: int, channels: int) -> None:
    samples = noise(duration_s=1.5, seed=seed, channels=channels)
    samples *= np.linspace(0.1, 1.0, len(samples), dtype=np.float32)[:, None]
    laws.meter_chunked_is_whole(lambda: TruePeakMeter(channels=channels), samples, sizes)


def test_windows_that_are_passed_over_cannot_matter() -> None:
    # The plain interpolation of everything, written down once more without any shortcut.
    samples = noise(duration_s=1.0, seed=3)
    phases = [
        (0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875,
         0.1373291015625, 0.97216796875, -0.102294921875, 0.047607421875, -0.026611328125,
         0.014892578125, -0.00830078125),
        (-0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625,
         0.465087890625, 0.77978515625, -0.2003173828125, 0.1015625, -0.0582275390625,
         0.0330810546875, -0.0189208984375),
    ]  # fmt: skip
    points = [
        np.abs(np.convolve(samples[:, 0].astype(np.float64), taps)).max()
        for phase in phases
        for taps in (phase, phase[::-1])
    ]
    assert 10 ** (true_peak(samples) / 20) == pytest.approx(max(points), rel=1e-6)


def test_a_quieter_window_may_hold_the_higher_peak() -> None:
    # Samples of 0.5 in the first, of 0.42 in the second, but 0.6 between those.
    low = sine(100.0, level_dbfs=20 * math.log10(0.5), duration_s=0.5)
    tricky = sine(12_000.0, level_dbfs=20 * math.log10(0.6), duration_s=0.5, phase_degrees=45.0)
    fade = np.clip(np.arange(24_000) / 2400, 0, 1).astype(np.float32)[:, None]
    joined = np.concatenate([low * fade[::-1], tricky * fade * fade[::-1]])
    assert true_peak(joined) == pytest.approx(20 * math.log10(0.6), abs=0.2)


@pytest.mark.parametrize("position", [0, 1, 5, 479, 480, 485, 61_435, 61_439, 61_440, 61_445])
def test_a_peak_is_found_wherever_the_inner_blocks_end(position: int) -> None:
    click = np.zeros((61_440 + 2000, 1), np.float32)
    # Two equal samples: the wave between them is higher by the sum of the taps around the middle.
    click[position : position + 2] = 0.5
    between = 0.5 * (0.77978515625 + 0.465087890625)
    assert true_peak(click) == pytest.approx(20 * math.log10(between), abs=1e-4)


def test_it_is_never_below_the_sample_peak() -> None:
    click = silence(0.1)
    click[777] = 0.8
    assert true_peak(click) >= 20 * math.log10(0.8) - 1e-6


def test_silence_has_none() -> None:
    assert true_peak(silence(0.5)) == -math.inf
    assert true_peak(silence(0.0)) == -math.inf


def test_a_missing_number_counts_as_silence() -> None:
    samples = silence(0.1)
    samples[5] = np.nan
    assert true_peak(samples) == -math.inf
