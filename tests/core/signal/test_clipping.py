from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.signal.clipping import ClippingMeter
from ossicle_testing import laws
from ossicle_testing.strategies import chunkings


def meter_of(*channels: list[float], sample_rate: int = 1000) -> ClippingMeter:
    meter = ClippingMeter(sample_rate=sample_rate, channels=len(channels))
    meter.add(np.array(channels, np.float32).T)
    return meter


def test_three_in_a_row_are_a_run_and_two_are_not() -> None:
    found = meter_of([0, 1, 1, 0, 1, 1, 1, 0, -1, -1, -1, -1]).result()
    assert (found.runs, found.samples) == (2, 7)
    assert found.share == pytest.approx(7 / 12)
    assert found.marks == ((0.004, 0.012),)


def test_runs_far_apart_have_their_own_marks() -> None:
    found = meter_of([1, 1, 1, *[0] * 100, 1.5, 2.0, 1.0]).result()
    assert found.marks == ((0.0, 0.003), (0.103, 0.106))


def test_channels_are_counted_apart() -> None:
    found = meter_of([1, 1, 0, 0], [0, 1, 1, 1]).result()
    assert (found.runs, found.samples, found.share) == (1, 3, 3 / 8)


def test_loud_but_whole_waves_are_not_clipped() -> None:
    assert meter_of([0.999] * 10).result().runs == 0


@given(
    flags=st.lists(st.booleans(), max_size=60),
    other=st.lists(st.booleans(), max_size=60),
    data=st.data(),
)
@settings(deadline=None, max_examples=tried(150))
def test_any_split_counts_the_same(
    flags: list[bool], other: list[bool], data: st.DataObject
) -> None:
    length = min(len(flags), len(other))
    samples = np.array([flags[:length], other[:length]], np.float32).T.reshape(length, 2)
    laws.meter_chunked_is_whole(
        lambda: ClippingMeter(sample_rate=8000, channels=2),
        samples,
        data.draw(chunkings(length)),
    )
    whole = ClippingMeter(sample_rate=8000, channels=2)
    whole.add(samples)
    expected = sum(
        len(run)
        for channel in samples.T
        for run in "".join("x" if value else " " for value in channel).split()
        if len(run) >= 3
    )
    assert whole.result().samples == expected


def test_marks_are_bounded() -> None:
    wave = np.zeros((1000 * 100, 1), np.float32)
    wave.reshape(1000, 100)[:, :3] = 1.0
    meter = ClippingMeter(sample_rate=1000, channels=1)
    meter.add(wave)
    assert meter.result().runs == 1000
    assert len(meter.result().marks) == 200


def test_nothing_is_nothing() -> None:
    found = ClippingMeter(sample_rate=8000, channels=1).result()
    assert (found.runs, found.samples, found.share, found.marks) == (0, 0, 0.0, ())
