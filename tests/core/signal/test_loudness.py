from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from numpy.typing import NDArray
from tests.core.signal.signals import noise, silence, sine
from tests.profiles import tried

from ossicle.signal.loudness import (
    Loudness,
    LoudnessMeter,
    channel_weights,
    k_weighting,
)
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings


def loudness(samples: NDArray[np.float32], *, sample_rate: int = 48_000) -> Loudness:
    meter = LoudnessMeter(sample_rate=sample_rate, channels=samples.shape[1])
    meter.add(samples)
    return meter.result()


def steps(*levels: tuple[float, float]) -> NDArray[np.float32]:
    """A stereo 1 kHz sine at 48 kHz through pairs of level and duration."""
    return np.concatenate(
        [sine(1000.0, level_dbfs=level, duration_s=length, channels=2) for level, length in levels]
    )


# EBU Tech 3341 (2016), table 1, cases 1 to 5; tolerance ±0.1 LU.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("levels", "expected_lufs"),
    [
        ([(-23.0, 20.0)], -23.0),
        ([(-33.0, 20.0)], -33.0),
        ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ],
)
def test_integrated_loudness_of_the_ebu_cases(
    levels: list[tuple[float, float]], expected_lufs: float
) -> None:
    assert loudness(steps(*levels)).integrated_lufs == pytest.approx(expected_lufs, abs=0.1)


def test_integrated_loudness_of_ebu_case_6_in_five_channels() -> None:
    levels = (-28.0, -28.0, -24.0, -30.0, -30.0)
    channels = [sine(1000.0, level_dbfs=level, duration_s=20.0) for level in levels]
    five = np.concatenate(channels, axis=1)
    assert loudness(five).integrated_lufs == pytest.approx(-23.0, abs=0.1)
    with_effects = np.insert(five, 3, 1.0, axis=1)
    assert loudness(with_effects).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_short_term_loudness_of_ebu_case_9() -> None:
    assert loudness(steps(*[(-20.0, 1.34), (-30.0, 1.66)] * 5)).short_term_max_lufs == (
        pytest.approx(-23.0, abs=0.1)
    )


def test_momentary_loudness_of_ebu_case_12() -> None:
    assert loudness(steps(*[(-20.0, 0.18), (-30.0, 0.22)] * 25)).momentary_max_lufs == (
        pytest.approx(-23.0, abs=0.1)
    )


@pytest.mark.parametrize("name", ["ebu3341-1.flac", "ebu3341-3.flac"])
def test_the_ebu_files_read_23_below(shared_audio: Path, name: str) -> None:
    samples, sample_rate = soundfile.read(
        shared_audio / "made" / "loudness" / name, dtype="float32", always_2d=True
    )
    assert loudness(samples, sample_rate=sample_rate).integrated_lufs == (
        pytest.approx(-23.0, abs=0.1)
    )


@pytest.mark.parametrize(
    "sample_rate", [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]
)
def test_a_997_hz_sine_reads_3_below_its_level_in_mono(sample_rate: int) -> None:
    tone = sine(997.0, level_dbfs=-20.0, duration_s=2.0, sample_rate=sample_rate)
    got = loudness(tone, sample_rate=sample_rate)
    assert got.integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_the_filter_at_48_khz_is_the_one_in_the_tables() -> None:
    # ITU-R BS.1770-5, annex 1, tables 1 and 2.
    shelf, high_pass = k_weighting(48_000)
    assert (shelf.b0, shelf.b1, shelf.b2, shelf.a1, shelf.a2) == pytest.approx(
        (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241,
         0.73248077421585), abs=1e-8
    )  # fmt: skip
    assert (high_pass.b0, high_pass.b1, high_pass.b2, high_pass.a1, high_pass.a2) == pytest.approx(
        (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621), abs=1e-8
    )


@given(sizes=chunkings(31_200))
@settings(deadline=None, max_examples=tried(15))
def test_any_split_gives_the_same_bits(sizes: tuple[int, ...]) -> None:
    samples = noise(duration_s=1.3, channels=2)
    laws.meter_chunked_is_whole(
        lambda: LoudnessMeter(sample_rate=24_000, channels=2), samples, sizes
    )


def test_asking_in_between_changes_nothing() -> None:
    samples = noise(duration_s=2.0)
    meter = LoudnessMeter(sample_rate=24_000, channels=1)
    meter.add(samples[:10_000])
    meter.result()
    meter.add(samples[10_000:])
    assert meter.result() == loudness(samples, sample_rate=24_000)


def test_silence_and_short_audio_have_no_loudness() -> None:
    assert loudness(silence(2.0), sample_rate=24_000).integrated_lufs == -math.inf
    assert loudness(noise(duration_s=0.39), sample_rate=24_000).integrated_lufs == -math.inf
    assert loudness(noise(duration_s=0.4), sample_rate=24_000).integrated_lufs > -30.0
    assert loudness(silence(0.0), sample_rate=24_000).momentary_max_lufs == -math.inf


def test_what_lies_under_the_absolute_gate_has_no_loudness() -> None:
    assert loudness(steps((-75.0, 2.0))).integrated_lufs == -math.inf
    assert loudness(steps((-69.0, 2.0))).integrated_lufs == pytest.approx(-69.0, abs=0.1)


def test_an_offset_has_no_loudness() -> None:
    offset = np.full((48_000, 1), 0.5, np.float32)
    offset[:24_000] *= np.linspace(0.0, 1.0, 24_000, dtype=np.float32)[:, None]
    assert loudness(offset, sample_rate=24_000).momentary_max_lufs < -45.0


def test_a_missing_number_does_not_spoil_the_rest() -> None:
    samples = sine(997.0, duration_s=2.0)
    samples[500] = np.nan
    assert loudness(samples).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_any_number_of_channels_has_weights() -> None:
    assert channel_weights(1) == (1.0,)
    assert channel_weights(64) == (1.0,) * 64
    assert channel_weights(6)[3] == 0.0
