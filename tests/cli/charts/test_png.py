"""Pictures are opened again and looked at, pixel by pixel."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ossicle_cli.charts.model import Lane
from ossicle_cli.charts.png import (
    LEFT,
    RIGHT,
    WIDTH,
    Caption,
    mark_pixels,
    paint_waveform,
    scale_of,
    to_png,
    x_of,
)
from ossicle_cli.palette import DARK, LIGHT, RANGE_DB, colors_of

from .test_model import drawing_of, sine

RATE = 16_000


def clipped(start_s: float, end_s: float) -> Any:
    """Four seconds of a quiet tone, clipped for a while, silent from 2 s to 3 s."""
    samples = sine(440.0, seconds=4.0, level=0.3)
    start, end = int(start_s * RATE), int(end_s * RATE)
    samples[start:end] = np.sign(samples[start:end])
    samples[2 * RATE : 3 * RATE] = 0.0
    return samples


def opened(png: bytes) -> Any:
    image = Image.open(io.BytesIO(png))
    image.load()
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_clipping_is_red_exactly_where_it_is(theme: Any) -> None:
    drawing = drawing_of(clipped(1.0, 1.4))
    picture = opened(to_png(drawing, Caption(title="t", subtitle="s"), theme=theme))
    assert picture.shape[1] == WIDTH
    red = (picture == np.array(theme.lanes["clipping"])).all(axis=2)
    # Both on the waveform, above the middle, and as a mark in its lane below.
    columns = np.flatnonzero(red[:, LEFT : WIDTH - RIGHT].any(axis=0)) + LEFT
    assert columns[0] == pytest.approx(x_of(1.0, drawing), abs=2)
    assert columns[-1] == pytest.approx(x_of(1.4, drawing), abs=3)
    assert len(columns) == pytest.approx(0.1 * (WIDTH - LEFT - RIGHT), abs=4)


def test_silence_is_marked_where_it_is() -> None:
    drawing = drawing_of(clipped(1.0, 1.4))
    assert [lane.name for lane in drawing.lanes if lane.kind == "silence"]
    panel = paint_waveform(drawing, WIDTH - LEFT - RIGHT, 250, DARK)
    row = panel[30]
    shaded = (row != np.array(DARK.panel)).any(axis=1)
    inside = np.flatnonzero(shaded)
    span = WIDTH - LEFT - RIGHT
    middle = inside[(inside > 0.55 * span) & (inside < 0.7 * span)]
    assert len(middle) == pytest.approx(0.15 * span, abs=3)


def test_the_spectrogram_is_brightest_at_the_tone() -> None:
    drawing = drawing_of(sine(1000.0, seconds=2.0))
    picture = opened(to_png(drawing, Caption(title="", subtitle=""))).astype(int)
    column = picture[:, WIDTH // 2].sum(axis=1)
    bottom = max(np.flatnonzero(column > 600))
    top_of_panel = np.flatnonzero((picture[:, WIDTH // 2] == (8, 6, 24)).all(axis=1))
    share = 1 - (bottom - top_of_panel[0]) / 400
    assert share == pytest.approx(np.log10(1 + 1000 / 700) / np.log10(1 + 8000 / 700), abs=0.03)


@pytest.mark.slow
def test_a_picture_is_not_uniform_and_findings_make_it_taller() -> None:
    drawing = drawing_of(clipped(1.0, 1.1))
    plain = opened(to_png(drawing, Caption(title="a", subtitle="b")))
    told = opened(to_png(drawing, Caption(title="a", subtitle="b", findings=[("error", "x")] * 20)))
    assert len(np.unique(plain[..., 0].astype(int) << 8 | plain[..., 1])) > 100
    assert told.shape[0] > plain.shape[0]
    assert told.shape[0] < plain.shape[0] + 10 * 30


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_almost_nothing_gives_a_picture(frames: int) -> None:
    drawing = drawing_of(np.zeros((frames, 2), np.float32))
    assert opened(to_png(drawing, Caption(title="\x1b[2J\u202e" * 99, subtitle=""))).size


def test_a_short_mark_is_wide_enough_to_be_seen_and_stays_inside() -> None:
    drawing = drawing_of(sine(440.0, seconds=4.0))
    for start in (0.0, 1.0, 4.0):
        left, right = mark_pixels(start, start, drawing)
        assert right - left >= 1
        assert LEFT <= left < right <= WIDTH - RIGHT
    assert mark_pixels(1.0, 1.0001, drawing)[1] - mark_pixels(1.0, 1.0001, drawing)[0] == 3


def test_quiet_audio_is_drawn_larger() -> None:
    assert scale_of(drawing_of(sine(440.0, level=0.9))) == 1.0
    assert scale_of(drawing_of(sine(440.0, level=0.15))) == 0.2
    assert scale_of(drawing_of(np.zeros((10, 1), np.float32))) == 0.01


def test_colors_rise_in_lightness() -> None:
    levels = np.linspace(-RANGE_DB, 0.0, 200, dtype=np.float32)
    colors = colors_of(levels, top_dbfs=0.0).astype(float)
    lightness = colors @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) >= -0.6).all()
    assert lightness[-1] > lightness[0] + 200


def test_a_lane_of_very_many_marks_shows_how_much_is_covered() -> None:
    drawing = drawing_of(sine(440.0, seconds=4.0))
    marks = tuple((n * 0.004, n * 0.004 + 0.002) for n in range(500))  # half of the first 2 s
    lane = Lane(name="speech", kind="speech", marks=marks)
    many = dataclasses.replace(drawing, lanes=(lane,))
    picture = opened(to_png(many, Caption(title="", subtitle=""))).astype(float)
    row = picture[92 + 250 + 18 + 8, LEFT : WIDTH - RIGHT]
    page, full = np.array(DARK.page), np.array(DARK.lanes["speech"])
    shares = (row - page) @ (full - page) / ((full - page) @ (full - page))
    middle = len(shares) // 2
    assert shares[10 : middle - 10].mean() == pytest.approx(0.5, abs=0.03)
    assert shares[middle + 5 :].max() == pytest.approx(0.0, abs=0.2)
