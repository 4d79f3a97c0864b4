"""What is drawn is what is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ossicle.messages import Finding
from ossicle.signal import measure
from ossicle_cli.charts.model import (
    FLOOR_DBFS,
    CloseUp,
    Drawing,
    draw,
    fit,
    fit_levels,
    frequency_ticks,
    hear_frequencies,
    height_of,
    time_label,
    time_ticks,
)


def drawing_of(
    samples: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    sample_rate: int = 16_000,
    findings: tuple[Finding, ...] = (),
) -> Drawing:
    close_up = CloseUp(sample_rate=sample_rate, channels=samples.shape[1])
    for start in range(0, len(samples), 1000):
        close_up.add(samples[start : start + 1000])
    return draw(measure(samples, sample_rate=sample_rate), close_up, findings)


def sine(frequency: float, *, seconds: float = 1.0, rate: int = 16_000, level: float = 1.0):  # type: ignore[no-untyped-def]  # numpy's types would hide the point
    time = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)[:, None]


@given(npst.arrays(np.float32, st.integers(1, 300), elements=st.floats(-1, 1, width=32)),
       st.integers(1, 300))  # fmt: skip
def test_fitting_keeps_the_extremes_and_the_count(values: np.ndarray, count: int) -> None:
    highest = fit(values, count, how=np.maximum)
    assert len(highest) == count
    assert set(highest.tolist()) <= set(values.tolist())
    if len(values) > count:
        assert highest.max() == values.max()


@pytest.mark.parametrize("frequency", [250.0, 1000.0, 5000.0])
def test_a_full_sine_reads_0_dbfs_at_its_frequency(frequency: float) -> None:
    drawing = drawing_of(sine(frequency))
    rows = hear_frequencies(drawing.highest_hz, 400)
    levels = fit_levels(drawing, columns=50, frequencies=rows)
    middle = levels[:, 25]
    assert middle.max() == pytest.approx(0.0, abs=1.5)
    assert rows[int(middle.argmax())] == pytest.approx(frequency, rel=0.03, abs=20)


def test_sound_stands_where_it_is_heard() -> None:
    samples = np.zeros((32_000, 1), np.float32)
    samples[16_000:20_000] = sine(1000.0, seconds=0.25)
    drawing = drawing_of(samples)
    levels = fit_levels(drawing, columns=200, frequencies=np.array([1000.0]))[0]
    loud = np.flatnonzero(levels > -20)
    assert loud[0] == pytest.approx(100, abs=2)
    assert loud[-1] == pytest.approx(124, abs=2)
    assert levels[:90].max() == FLOOR_DBFS


@pytest.mark.parametrize("frames", [0, 1, 7])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_almost_nothing_can_be_drawn(frames: int, channels: int) -> None:
    drawing = drawing_of(np.full((frames, channels), 0.5, np.float32))
    levels = fit_levels(drawing, columns=10, frequencies=hear_frequencies(8000, 5))
    assert levels.shape == (5, 10)
    assert np.isfinite(levels).all()


def test_long_audio_is_drawn_by_the_meters() -> None:
    samples = np.zeros((61 * 100, 1), np.float32)
    samples[:3000] = 0.25
    close_up = CloseUp(sample_rate=100, channels=1)
    close_up.add(samples)
    assert close_up.samples is None
    drawing = draw(measure(samples, sample_rate=100), close_up)
    assert drawing.maxima.max() == pytest.approx(0.25)
    assert drawing.duration_s == 61


def test_numbers_that_are_none_are_drawn_as_silence() -> None:
    samples = np.full((100, 1), np.nan, np.float32)
    drawing = drawing_of(samples)
    assert np.isfinite(drawing.maxima).all()


def test_findings_get_lanes_once() -> None:
    samples = np.zeros((16_000, 1), np.float32)
    marks = ((0.2, 0.3),)
    findings = (
        Finding(code="hum_here", severity="warning", message="", marks=marks),
        Finding(code="same", severity="info", message="", marks=marks),
        Finding(code="nowhere", severity="error", message=""),
    )
    lanes = drawing_of(samples, findings=findings).lanes
    assert [lane.name for lane in lanes] == ["silence", "hum here"]


@given(st.floats(0.001, 90_000), st.integers(2, 20))
def test_ticks_of_time_are_few_and_inside(duration_s: float, most: int) -> None:
    ticks = time_ticks(duration_s, most=most)
    assert ticks[0] == 0
    assert len(ticks) <= most + 1 or duration_s > 7200 * most
    assert ticks[-1] <= duration_s + 1e-3


def test_labels_of_time() -> None:
    assert time_label(2.5, 10) == "2.5 s"
    assert time_label(75, 100) == "1:15"
    assert time_label(3600, 4000) == "1:00:00"


def test_the_axis_of_frequency_is_even_in_mel() -> None:
    rows = hear_frequencies(8000.0, 1000)
    assert height_of(0.0, 8000.0) == 0.0
    assert height_of(8000.0, 8000.0) == 1.0
    assert rows[500] == pytest.approx(700 * ((1 + 8000 / 700) ** 0.5005 - 1), rel=0.01)
    assert [label for _, label in frequency_ticks(8000.0)][-1] == "4 kHz"
