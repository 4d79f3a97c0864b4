from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.errors import ConfigurationError
from ossicle.signal.mix import downmix, mono_weights, stereo_weights


def test_stereo_to_mono_is_the_mean() -> None:
    block = np.array([[0.5, -0.25], [1.0, 1.0], [1.0, -1.0]], np.float32)
    assert downmix(block).tolist() == [[0.125], [1.0], [0.0]]


def test_five_one_follows_the_recommendation() -> None:
    # Left: L + 0.7071 C + 0.7071 Ls, scaled to 1; mono is the mean of left and right.
    scale = 1.0 + 2.0 * np.sqrt(0.5)
    expected = np.array([1.0, 1.0, np.sqrt(2.0), 0.0, np.sqrt(0.5), np.sqrt(0.5)]) / (2.0 * scale)
    assert np.allclose(mono_weights(6), expected, atol=1e-7)


def test_the_low_frequency_effects_channel_is_left_out() -> None:
    block = np.zeros((4, 6), np.float32)
    block[:, 3] = 1.0
    assert not downmix(block).any()
    assert not downmix(block, 2).any()


@given(channels=st.integers(1, 64), target=st.integers(1, 2))
@settings(deadline=None)
def test_equal_channels_keep_their_level(channels: int, target: int) -> None:
    block = np.full((3, channels), 0.75, np.float32)
    assert np.allclose(downmix(block, target), 0.75, atol=1e-6)
    assert mono_weights(channels).min() >= 0.0
    assert stereo_weights(channels).shape == (channels, 2)


def test_mono_becomes_two_equal_sides() -> None:
    block = np.array([[0.1], [0.2]], np.float32)
    assert np.array_equal(downmix(block, 2), np.repeat(block, 2, axis=1))


def test_as_many_channels_is_a_copy() -> None:
    block = np.ones((2, 6), np.float32)
    mixed = downmix(block, 6)
    assert np.array_equal(mixed, block)
    assert mixed is not block


def test_empty_blocks_stay_empty() -> None:
    assert downmix(np.zeros((0, 2), np.float32)).shape == (0, 1)


@pytest.mark.parametrize("target", [0, 3, 5])
def test_other_targets_are_refused(target: int) -> None:
    with pytest.raises(ConfigurationError):
        downmix(np.zeros((1, 6), np.float32), target)


def test_no_channels_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        mono_weights(0)
    with pytest.raises(ConfigurationError):
        stereo_weights(0)
