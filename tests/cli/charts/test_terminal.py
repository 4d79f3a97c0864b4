"""Pictures made of characters."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from ossicle_cli.charts.terminal import screen_lines, waveform_lines
from ossicle_cli.palette import DARK

from .test_model import drawing_of, sine
from .test_png import clipped


@pytest.mark.parametrize("width", [40, 80, 200, 400])
@pytest.mark.parametrize("uses_color", [False, True])
@pytest.mark.parametrize("is_unicode", [False, True])
def test_lines_fit_the_width(width: int, uses_color: bool, is_unicode: bool) -> None:
    drawing = drawing_of(clipped(1.0, 1.4))
    lines = screen_lines(drawing, width=width, uses_color=uses_color, is_unicode=is_unicode)
    assert max(len(line.plain) for line in lines) <= width
    if not is_unicode:
        assert all(line.plain.isascii() for line in lines)


def test_without_color_nothing_is_styled() -> None:
    drawing = drawing_of(clipped(1.0, 1.4))
    console = Console(color_system=None, width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - closed with the test
    for line in screen_lines(drawing, width=100, uses_color=False):
        assert not any(str(span.style) not in ("", "none") for span in line.spans)
        console.print(line)
    assert "\x1b" not in console.export_text(styles=True)
    console.file.close()


def test_clipped_columns_are_red_and_the_lane_shows_where() -> None:
    drawing = drawing_of(clipped(1.0, 1.4))
    lines = screen_lines(drawing, width=110, uses_color=True)
    red = "#{:02x}{:02x}{:02x}".format(*DARK.lanes["clipping"])
    top = lines[0]
    places = [span.start for span in top.spans if str(span.style) == red]
    assert min(places) == pytest.approx(9 + 25, abs=1)
    assert max(places) == pytest.approx(9 + 34, abs=1)
    lane = next(line.plain for line in lines if line.plain.startswith("clipping"))
    assert lane.index("▬") == pytest.approx(9 + 25, abs=1)
    assert lane.count("▬") == pytest.approx(10, abs=1)


def test_a_waveform_is_as_high_as_it_is_loud() -> None:
    half = waveform_lines(
        drawing_of(sine(440.0, level=0.49)),
        columns=20,
        uses_color=False,
        is_unicode=False,
    )
    assert half[0].plain.split()[0] == "+0.5"
    assert half[0].plain.count("#") == 20
    silent = waveform_lines(
        drawing_of(np.zeros((100, 1), np.float32)),
        columns=20,
        uses_color=False,
        is_unicode=False,
    )
    assert [line.plain.count("#") for line in silent] == [0, 0, 0, 20, 0, 0, 0, 0]


def test_a_tone_is_dark_everywhere_but_at_its_line() -> None:
    lines = screen_lines(drawing_of(sine(1000.0)), width=60, uses_color=False)
    loud = [line.plain for line in lines if "█" in line.plain]
    assert any("1 kHz" in line for line in loud)
    assert len(loud) <= 2
