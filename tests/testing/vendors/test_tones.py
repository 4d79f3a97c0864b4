from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.profiles import tried

from ossicle_testing.vendors.tones import tone_ear, tone_voice


@given(text=st.text(max_size=40))
@settings(max_examples=tried(60), deadline=None)
def test_what_is_said_is_heard(text: str) -> None:
    samples = tone_voice(text)
    assert samples.dtype == np.float32
    assert float(np.max(np.abs(samples))) < 0.5
    assert tone_ear(samples, 24_000) == text


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_it_survives_resampling(sample_rate: int) -> None:
    text = "Sphinx of black quartz, judge my vow. 0123456789"
    assert tone_ear(soxr.resample(tone_voice(text), 24_000, sample_rate), sample_rate) == text


def test_it_survives_noise_level_and_surroundings() -> None:
    noise = np.random.default_rng(7).normal(0, 0.005, 60_000).astype(np.float32)
    samples = tone_voice("quiet") * 0.2
    noise[10_000 : 10_000 + len(samples)] += samples
    assert tone_ear(noise, 24_000) == "quiet"


def test_utterances_in_a_row_are_joined() -> None:
    row = np.concatenate([tone_voice("one"), np.zeros(999, np.float32), tone_voice("two")])
    assert tone_ear(row, 24_000) == "one two"


@pytest.mark.parametrize(
    ("samples", "heard"),
    [
        (np.zeros(0, np.float32), ""),
        (np.zeros(24_000, np.float32), ""),
        (np.full(1, 0.5, np.float32), "sound of 0.0 seconds"),
        (np.sin(np.arange(36_000) * 0.1).astype(np.float32), "sound of 1.5 seconds"),
    ],
)
def test_other_sound_is_described(samples: NDArray[np.float32], heard: str) -> None:
    assert tone_ear(samples, 24_000) == heard


def test_a_wrong_note_is_a_wrong_word() -> None:
    samples = tone_voice("right")
    middle = len(samples) // 2
    samples[middle : middle + 960] = tone_voice("~")[3360:4320]
    assert tone_ear(samples, 24_000) != "right"
