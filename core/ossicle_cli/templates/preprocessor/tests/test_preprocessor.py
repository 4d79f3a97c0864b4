"""The fade is as computed by hand, and nothing between the fades is touched."""

from __future__ import annotations

import numpy as np
import pytest

from ossicle_newname.preprocessor import NewnamePreprocessor

RATE = 400  # a fade of 10 ms is 4 frames: gains of 1/5 to 4/5


def faded(frames: int) -> list[float]:
    transform = NewnamePreprocessor().start(sample_rate=RATE, channels=1)
    ones = np.ones((frames, 1), np.float32)
    samples = np.concatenate([transform.process(ones), transform.finish()])
    return [float(sample) for sample in samples[:, 0]]


def test_both_ends_are_faded() -> None:
    expected = [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
    assert faded(10) == pytest.approx(expected)


def test_a_stream_shorter_than_the_fades_is_faded_from_both_sides() -> None:
    assert faded(3) == pytest.approx([0.2 * 0.6, 0.4 * 0.4, 0.6 * 0.2])


def test_an_empty_stream_stays_empty() -> None:
    assert faded(0) == []
