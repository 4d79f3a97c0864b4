"""A clip as a picture made of characters, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossicle_cli.charts.model import (
    Drawing,
    fit,
    fit_levels,
    frequency_ticks,
    hear_frequencies,
    height_of,
    time_label,
    time_ticks,
)
from ossicle_cli.charts.png import scale_of
from ossicle_cli.palette import DARK, Rgb, colors_of, mixed, top_of
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.text import Text

_AXIS = 9
"""Characters to the left of a picture, for labels."""

_WAVE_LINES, _SPECTRUM_LINES = 8, 12
_NARROWEST, _WIDEST = 16, 160
_DOTS_DOWN, _DOTS_ACROSS = 4, 2
_DOT_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_SHADES = " ░▒▓█"
_PLAIN_SHADES = " .:*#"


def screen_lines(
    drawing: Drawing, *, width: int, uses_color: bool, is_unicode: bool = True
) -> list[Text]:
    """Waveform, lanes, spectrogram and time axis as lines of at most `width` characters.

    Args:
        drawing: What is drawn.
        width: Characters in a line.
        uses_color: Without, the spectrogram is made of shades.
        is_unicode: Whether block characters can be shown.
    """
    columns = max(_NARROWEST, min(width - _AXIS - 1, _WIDEST))
    is_fine = uses_color and is_unicode
    return [
        *waveform_lines(drawing, columns=columns, uses_color=uses_color, is_unicode=is_unicode),
        *_lanes(drawing, columns, uses_color=uses_color, is_unicode=is_unicode),
        *(
            _fine_spectrogram(drawing, columns)
            if is_fine
            else _shaded_spectrogram(drawing, columns, is_unicode=is_unicode)
        ),
        _time_axis(drawing, columns, uses_color=uses_color, is_unicode=is_unicode),
    ]


def waveform_lines(
    drawing: Drawing, *, columns: int, uses_color: bool, is_unicode: bool = True
) -> list[Text]:
    """The waveform alone, `columns` characters wide and a label."""
    lit = _lit_dots(drawing, columns=_DOTS_ACROSS * columns, rows=_DOTS_DOWN * _WAVE_LINES)
    clipped = _marked(drawing, "clipping", columns)
    silent = _marked(drawing, "silence", columns)
    edge = scale_of(drawing)
    lines = []
    for line in range(_WAVE_LINES):
        text = _label(
            {0: f"{edge:+g}", _WAVE_LINES - 1: f"{-edge:+g}"}.get(line, ""), uses_color=uses_color
        )
        distance = abs(line + 0.5 - _WAVE_LINES / 2) / (_WAVE_LINES / 2)
        for column in range(columns):
            dots = lit[
                _DOTS_DOWN * line : _DOTS_DOWN * (line + 1),
                _DOTS_ACROSS * column : _DOTS_ACROSS * (column + 1),
            ]
            color = _wave_color(distance, bool(clipped[column]), bool(silent[column]))
            is_styled = uses_color and bool(dots.any())
            text.append(_dotted(dots, is_unicode=is_unicode), _style(color) if is_styled else "")
        lines.append(text)
    return lines


def _lit_dots(drawing: Drawing, *, columns: int, rows: int) -> NDArray[np.bool_]:
    """Which dots the wave passes through; those in the middle always are."""
    edge = scale_of(drawing)
    low = fit(drawing.minima, columns, how=np.minimum) / edge
    high = fit(drawing.maxima, columns, how=np.maximum) / edge
    first = np.clip(np.rint((1.0 - high) / 2 * rows), 0, rows // 2 - 1)
    end = np.clip(np.rint((1.0 - low) / 2 * rows), rows // 2, rows)
    index = np.arange(rows)[:, None]
    return (index >= first) & (index < end)


def _dotted(dots: NDArray[np.bool_], *, is_unicode: bool) -> str:
    """A character with these dots, 4 high and 2 wide.

    Source: Unicode Standard, "Braille Patterns", U+2800 to U+28FF.
    """
    if not is_unicode:
        return "#" if dots.any() else " "
    pattern = int((dots * _DOT_BITS).sum())
    return chr(0x2800 + pattern) if pattern else " "


def _wave_color(distance: float, is_clipped: bool, is_silent: bool) -> Rgb:
    if is_clipped:
        return DARK.lanes["clipping"]
    return DARK.lanes["silence"] if is_silent else mixed(DARK.core, DARK.wave, distance)


def _label(label: str, *, uses_color: bool) -> Text:
    """The left edge of a line."""
    from rich.text import Text

    text = Text()
    text.append(f"{label:>{_AXIS - 1}} ", style="dim" if uses_color else "")
    return text


def _lanes(drawing: Drawing, columns: int, *, uses_color: bool, is_unicode: bool) -> list[Text]:
    from rich.text import Text

    on, off = ("▬", "·") if is_unicode else ("=", ".")
    lines = []
    for lane in drawing.lanes:
        color = _style(DARK.lanes[lane.kind]) if uses_color else ""
        name = visible(lane.name, limit=_AXIS - 1)
        text = Text()
        text.append(f"{name[: _AXIS - 1]:>{_AXIS - 1}} ", style=color)
        faint = "dim" if uses_color else ""
        for is_inside in _marked(drawing, lane.name, columns, by_name=True):
            text.append(on if is_inside else off, style=color if is_inside else faint)
        lines.append(text)
    return lines


def _marked(
    drawing: Drawing, which: str, columns: int, *, by_name: bool = False
) -> NDArray[np.bool_]:
    """Which columns are in a mark; every mark is at least one column wide."""
    inside = np.zeros(columns, bool)
    scale = columns / (drawing.duration_s or 1.0)
    for lane in drawing.lanes:
        if which == (lane.name if by_name else lane.kind):
            for start_s, end_s in lane.marks:
                start = min(int(start_s * scale), columns - 1)
                inside[start : max(start + 1, int(np.ceil(end_s * scale)))] = True
    return inside


def _fine_spectrogram(drawing: Drawing, columns: int) -> list[Text]:
    """Two rows of colours in each line, by upper half blocks."""
    frequencies = hear_frequencies(drawing.highest_hz, 2 * _SPECTRUM_LINES)
    levels = fit_levels(drawing, columns=columns, frequencies=frequencies)[::-1]
    colors = colors_of(levels, top_dbfs=top_of(drawing.levels_dbfs))
    lines = []
    for line in range(_SPECTRUM_LINES):
        text = _label(_frequency(drawing, line), uses_color=True)
        for column in range(columns):
            upper, lower = colors[2 * line, column], colors[2 * line + 1, column]
            text.append("▀", style=f"{_style(upper)} on {_style(lower)}")
        lines.append(text)
    return lines


def _shaded_spectrogram(drawing: Drawing, columns: int, *, is_unicode: bool) -> list[Text]:
    from rich.text import Text

    shades = _SHADES if is_unicode else _PLAIN_SHADES
    frequencies = hear_frequencies(drawing.highest_hz, _SPECTRUM_LINES)
    levels = fit_levels(drawing, columns=columns, frequencies=frequencies)[::-1]
    share = np.clip((levels - top_of(drawing.levels_dbfs) + 60.0) / 60.0, 0.0, 0.999)
    places = (share * len(shades)).astype(int)
    lines = []
    for line in range(_SPECTRUM_LINES):
        drawn = "".join(shades[place] for place in places[line])
        lines.append(Text(f"{_frequency(drawing, line):>{_AXIS - 1}} {drawn}".rstrip()))
    return lines


def _frequency(drawing: Drawing, line: int) -> str:
    """The label of a line, where a round frequency lies in it."""
    for frequency, label in frequency_ticks(drawing.highest_hz):
        place = (1.0 - height_of(frequency, drawing.highest_hz)) * _SPECTRUM_LINES
        if min(int(place), _SPECTRUM_LINES - 1) == line:
            return label
    return ""


def _time_axis(drawing: Drawing, columns: int, *, uses_color: bool, is_unicode: bool) -> Text:
    from rich.text import Text

    tick = "└" if is_unicode else "|"
    cells = [" "] * (columns + _AXIS + 8)
    for seconds in time_ticks(drawing.duration_s, most=max(2, columns // 12)):
        place = _AXIS + int(seconds / (drawing.duration_s or 1.0) * columns)
        label = f"{tick}{time_label(seconds, drawing.duration_s)}"
        if place + len(label) <= columns + _AXIS + 1:
            cells[place : place + len(label)] = label
    return Text("".join(cells).rstrip(), style="dim" if uses_color else "")


def _style(color: Rgb | NDArray[np.uint8]) -> str:
    red, green, blue = (int(part) for part in color)
    return f"#{red:02x}{green:02x}{blue:02x}"
