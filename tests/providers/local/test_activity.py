from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ossicle_local.activity import (
    WINDOW_FRAMES,
    WINDOWS_PER_S,
    energy_probabilities,
    speech_probabilities,
    stretches,
)

runs = st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(1, 700)), max_size=12)


def probabilities(parts: list[tuple[float, int]]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *(np.full(n, p, np.float32) for p, n in parts)])


@given(runs)
def test_stretches_are_short_in_order_and_hold_all_speech(parts: list[tuple[float, int]]) -> None:
    windows = probabilities(parts)
    found = stretches(windows)
    at = 0
    for start, end in found:
        assert at <= start < end <= len(windows) * WINDOW_FRAMES
        assert end - start <= 14 * WINDOWS_PER_S * WINDOW_FRAMES
        at = end
    covered = np.zeros(len(windows), bool)
    for start, end in found:
        covered[start // WINDOW_FRAMES : end // WINDOW_FRAMES] = True
    assert covered[windows > 0.5].all()


@pytest.mark.parametrize(
    ("parts", "expected_s"),
    [
        ([], []),
        ([(0.1, 1000)], []),
        ([(0.9, 125)], [(0, 2)]),
        # A pause of 0.3 s does not cut, and neighbours within 12 s are joined.
        ([(0.9, 125), (0.0, 19), (0.9, 125)], [(0, 4.304)]),
        ([(0.9, 500), (0.0, 125), (0.9, 500)], [(0, 8), (10, 18)]),
        # 20 s without a pause: cut where speech is least probable between 7 and 14 s.
        ([(0.9, 600), (0.6, 1), (0.9, 649)], [(0, 9.6), (9.6, 20)]),
    ],
)
def test_cuts_by_hand(
    parts: list[tuple[float, int]], expected_s: list[tuple[float, float]]
) -> None:
    found = stretches(probabilities(parts))
    assert [(start / 16000, end / 16000) for start, end in found] == expected_s


@given(
    arrays.arrays(
        np.float32, st.integers(0, 2000), elements=st.floats(-1, 1, width=32)
    )
)  # fmt: skip
def test_energy_gives_one_value_a_window(samples: np.ndarray) -> None:
    found = energy_probabilities(samples)
    assert found.shape == (len(samples) // WINDOW_FRAMES,)
    assert set(found.tolist()) <= {0.0, 1.0}


def test_energy_finds_the_loud_part() -> None:
    samples = np.zeros(3200 * 3, np.float32)
    samples[3200:6400] = np.sin(np.arange(3200) * 0.3)
    ((start, end),) = stretches(energy_probabilities(samples))
    assert abs(start - 3200) <= WINDOW_FRAMES
    assert abs(end - 6400) <= WINDOW_FRAMES


@pytest.mark.models
@pytest.mark.usefixtures("best_engines")
@pytest.mark.parametrize("frames", [0, 1, 255, 256, 5000])
def test_the_detector_takes_any_length(frames: int) -> None:
    found = speech_probabilities(np.zeros(frames, np.float32))
    assert found.shape == (frames // WINDOW_FRAMES,)
    assert found.dtype == np.float32
