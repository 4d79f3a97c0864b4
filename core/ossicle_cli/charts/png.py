"""A clip as a picture: waveform, spectrogram, what was found and where, as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ossicle_cli.charts.model import (
    Drawing,
    Lane,
    fit,
    fit_levels,
    frequency_ticks,
    hear_frequencies,
    height_of,
    time_label,
    time_ticks,
)
from ossicle_cli.palette import DARK, RANGE_DB, Rgb, Theme, colors_of, mixed, top_of
from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image, ImageDraw

WIDTH = 1600
LEFT, RIGHT = 112, 104
"""Pixels beside the panels; the time axis spans what lies between."""

_HEADER, _GAP, _BOTTOM = 92, 18, 40
_WAVE_HEIGHT, _SPECTRUM_HEIGHT, _LANE_HEIGHT = 250, 400, 24
_FINDING_HEIGHT = 30
_MOST_FINDINGS = 6
_NARROWEST_MARK = 3
_SHARED = frozenset({"speech", "silence"})
_MOST_ROUNDED = 100
_SMALL, _NORMAL, _LARGE = 17, 20, 30
_SCALES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """The words of a picture.

    Attributes:
        title: Such as the file's name; shown with everything odd in it made visible.
        subtitle: Figures.
        findings: Pairs of severity and text.
    """

    title: str
    subtitle: str
    findings: Sequence[tuple[str, str]] = ()


def to_png(drawing: Drawing, caption: Caption, *, theme: Theme = DARK) -> bytes:
    """The whole picture: header, waveform, lanes, spectrogram, time axis, findings."""
    image = _Sheet(drawing, caption, theme).painted()
    sink = io.BytesIO()
    image.save(sink, "PNG", optimize=True)
    return sink.getvalue()


def x_of(seconds: float, drawing: Drawing) -> float:
    """Where a time stands in a picture, in pixels from its left edge."""
    span = WIDTH - LEFT - RIGHT
    return LEFT + span * min(1.0, max(0.0, seconds / (drawing.duration_s or 1.0)))


class _Sheet:
    """One picture while it is painted, from top to bottom."""

    def __init__(self, drawing: Drawing, caption: Caption, theme: Theme) -> None:
        from PIL import Image, ImageDraw

        self.drawing, self.caption, self.theme = drawing, caption, theme
        self.span = WIDTH - LEFT - RIGHT
        self.findings = caption.findings[:_MOST_FINDINGS]
        lanes = len(drawing.lanes) * _LANE_HEIGHT + (_GAP if drawing.lanes else 0)
        height = (
            _HEADER + _WAVE_HEIGHT + _GAP + lanes + _SPECTRUM_HEIGHT + _BOTTOM
            + (_GAP if self.findings else 0) + len(self.findings) * _FINDING_HEIGHT + _GAP
        )  # fmt: skip
        self.image: Image.Image = Image.new("RGB", (WIDTH, height), theme.page)
        self.pen: ImageDraw.ImageDraw = ImageDraw.Draw(self.image)

    def painted(self) -> Image.Image:
        self._header()
        top = _HEADER
        self._waveform(top)
        top += _WAVE_HEIGHT + _GAP
        for lane in self.drawing.lanes:
            self._lane(lane, top)
            top += _LANE_HEIGHT
        top += _GAP if self.drawing.lanes else 0
        self._spectrogram(top)
        top += _SPECTRUM_HEIGHT
        self._time_axis(top)
        self._findings(top + _BOTTOM + _GAP)
        return self.image

    # ---- words

    def _write(
        self, place: tuple[float, float], text: str, *, size: int, color: Rgb, anchor: str = "la"
    ) -> None:
        self.pen.text(place, text, fill=color, font=_font(size), anchor=anchor)

    def _fitted(self, text: str, *, size: int, width: float) -> str:
        """The text, shortened to a width in pixels."""
        shown = visible(text)
        while shown and _font(size).getlength(shown) > width:
            shown = f"{shown[:-2]}…" if len(shown) > 2 else ""
        return shown

    def _header(self) -> None:
        title = self._fitted(self.caption.title, size=_LARGE, width=WIDTH - 2 * 32)
        self._write((LEFT, 18), title, size=_LARGE, color=self.theme.text)
        subtitle = self._fitted(self.caption.subtitle, size=_NORMAL, width=WIDTH - LEFT - 32)
        self._write((LEFT, 56), subtitle, size=_NORMAL, color=self.theme.faint)

    def _findings(self, top: float) -> None:
        for number, (severity, text) in enumerate(self.findings):
            y = top + number * _FINDING_HEIGHT
            color = self.theme.lanes[severity]
            self.pen.rounded_rectangle((LEFT, y + 3, LEFT + 6, y + 21), radius=3, fill=color)
            words = self._fitted(text, size=_NORMAL, width=self.span - 24)
            self._write((LEFT + 24, y), words, size=_NORMAL, color=self.theme.text)

    # ---- panels

    def _waveform(self, top: int) -> None:
        from PIL import Image

        panel = paint_waveform(self.drawing, self.span, _WAVE_HEIGHT, self.theme)
        self.image.paste(Image.fromarray(panel), (LEFT, top))
        edge = scale_of(self.drawing)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            y = top + share * (_WAVE_HEIGHT - 1)
            label = f"{(1 - 2 * share) * edge:+g}" if share != 0.5 else "0"
            self._write((LEFT - 12, y), label, size=_SMALL, color=self.theme.faint, anchor="rm")

    def _lane(self, lane: Lane, top: int) -> None:
        color = self.theme.lanes[lane.kind]
        middle = top + _LANE_HEIGHT / 2
        name = self._fitted(lane.name, size=_SMALL, width=LEFT - 20)
        self._write((LEFT - 12, middle), name, size=_SMALL, color=color, anchor="rm")
        self.pen.line((LEFT, middle, LEFT + self.span - 1, middle), fill=self.theme.grid)
        if lane.kind in _SHARED and len(lane.marks) > _MOST_ROUNDED:
            self._shares(lane, top, color)
            return
        for start_s, end_s in lane.marks:
            left, right = mark_pixels(start_s, end_s, self.drawing)
            box = (left, top + 6, right - 1, top + _LANE_HEIGHT - 6)
            self.pen.rounded_rectangle(box, radius=min(4, (right - left) // 2), fill=color)

    def _shares(self, lane: Lane, top: int, color: Rgb) -> None:
        """A lane of very many marks: each pixel as strong as the share of it that is covered."""
        scale = self.span / (self.drawing.duration_s or 1.0)
        marks = np.array(lane.marks) * scale
        edges = np.arange(self.span + 1, dtype=np.float64)
        # How much is covered up to each edge: whole marks before it, and the one it lies in.
        before = np.concatenate([[0.0], np.cumsum(marks[:, 1] - marks[:, 0])])
        place = np.searchsorted(marks[:, 0], edges, side="right")
        inside = np.minimum(edges, marks[np.maximum(place - 1, 0), 1])
        open_part = np.where(place > 0, inside - marks[np.maximum(place - 1, 0), 0], 0.0)
        covered = np.diff(before[np.maximum(place - 1, 0)] + open_part)
        for column, share in enumerate(covered):
            x = LEFT + column
            shade = mixed(self.theme.page, color, float(np.clip(share, 0.0, 1.0)))
            self.pen.line((x, top + 6, x, top + _LANE_HEIGHT - 6), fill=shade)

    def _spectrogram(self, top: int) -> None:
        from PIL import Image

        highest = self.drawing.highest_hz
        rows = hear_frequencies(highest, _SPECTRUM_HEIGHT)
        levels = fit_levels(self.drawing, columns=self.span, frequencies=rows)
        top_dbfs = top_of(self.drawing.levels_dbfs)
        colors = colors_of(levels[::-1], top_dbfs=top_dbfs)
        self.image.paste(Image.fromarray(colors), (LEFT, top))
        for frequency, label in frequency_ticks(highest):
            y = top + (1.0 - height_of(frequency, highest)) * (_SPECTRUM_HEIGHT - 1)
            self.pen.line((LEFT - 6, y, LEFT - 1, y), fill=self.theme.faint)
            self._write((LEFT - 12, y), label, size=_SMALL, color=self.theme.faint, anchor="rm")
        self._scale(top, top_dbfs)

    def _scale(self, top: int, top_dbfs: float) -> None:
        from PIL import Image

        left, width = WIDTH - RIGHT + 18, 14
        ramp = np.linspace(top_dbfs, top_dbfs - RANGE_DB, _SPECTRUM_HEIGHT, dtype=np.float32)
        bar = np.repeat(colors_of(ramp, top_dbfs=top_dbfs)[:, None], width, axis=1)
        self.image.paste(Image.fromarray(np.ascontiguousarray(bar)), (left, top))
        for step in range(0, int(RANGE_DB) + 1, 20):
            y = top + step / RANGE_DB * (_SPECTRUM_HEIGHT - 1)
            place, label = (left + width + 6, y), f"{top_dbfs - step:.0f}"
            self._write(place, label, size=_SMALL, color=self.theme.faint, anchor="lm")
        place = (left, top - 8)
        self._write(place, "dBFS", size=_SMALL, color=self.theme.faint, anchor="ls")

    def _time_axis(self, top: int) -> None:
        duration_s = self.drawing.duration_s
        for seconds in time_ticks(duration_s, most=12):
            x = x_of(seconds, self.drawing)
            self.pen.line((x, top, x, top + 6), fill=self.theme.faint)
            label = time_label(seconds, duration_s)
            self._write((x, top + 10), label, size=_SMALL, color=self.theme.faint, anchor="ma")


def paint_waveform(drawing: Drawing, width: int, height: int, theme: Theme) -> NDArray[np.uint8]:
    """The waveform panel: peaks, with the root mean square inside; clipped columns in red.

    Quiet audio is drawn larger, up to `scale_of`.

    Returns:
        Shape `(height, width, 3)`.
    """
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = theme.panel
    _shade(canvas, drawing, "silence", mixed(theme.panel, theme.lanes["silence"], 0.22))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        canvas[round(share * (height - 1))] = theme.grid
    for seconds in time_ticks(drawing.duration_s, most=12)[1:]:
        column = round(seconds / (drawing.duration_s or 1.0) * (width - 1))
        canvas[:, column] = theme.grid
    if len(drawing.maxima):
        low = fit(drawing.minima, width, how=np.minimum)
        high = fit(drawing.maxima, width, how=np.maximum)
        core = fit(drawing.rms, width, how=np.maximum)
        is_clipped = _columns_of(drawing, "clipping", width)
        red = theme.lanes["clipping"]
        edge = scale_of(drawing)
        low, high, core = low / edge, high / edge, core / edge
        _fill(canvas, low, high, theme.wave, mixed(theme.wave, red, 0.75), is_clipped)
        _fill(canvas, np.maximum(low, -core), np.minimum(high, core), theme.core, red, is_clipped)
    return np.rint(canvas).astype(np.uint8)


def scale_of(drawing: Drawing) -> float:
    """The amplitude at the upper edge of a waveform: 1, or less where all of it is quieter."""
    peak = max(float(drawing.maxima.max(initial=0.0)), -float(drawing.minima.min(initial=0.0)), 0.0)
    return min((edge for edge in _SCALES if edge >= peak), default=1.0)


def _fill(
    canvas: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    color: Rgb,
    clipped_color: Rgb,
    is_clipped: NDArray[np.bool_],
) -> None:
    """Paint from low to high in each column, edges blended by how much of a pixel is covered."""
    height = len(canvas)
    scale = (height - 1) / 2
    above = (1.0 - np.clip(high, -1, 1)) * scale
    below = (1.0 - np.clip(low, -1, 1)) * scale
    # A flat line is still a line.
    thin = np.maximum(0.0, 1.0 - (below - above)) / 2
    above, below = above - thin + 0.5, below + thin + 0.5
    rows = np.arange(height, dtype=np.float32)[:, None]
    covered = np.clip(np.minimum(below, rows + 1) - np.maximum(above, rows), 0.0, 1.0)[..., None]
    colors = np.where(is_clipped[:, None], np.array(clipped_color), np.array(color))
    canvas += (colors.astype(np.float32) - canvas) * covered


def _shade(canvas: NDArray[np.float32], drawing: Drawing, kind: str, color: Rgb) -> None:
    canvas[:, _columns_of(drawing, kind, canvas.shape[1])] = color


def _columns_of(drawing: Drawing, kind: str, width: int) -> NDArray[np.bool_]:
    """Which columns lie in a mark of this kind of lane."""
    inside = np.zeros(width, bool)
    for lane in drawing.lanes:
        if lane.kind == kind:
            for start_s, end_s in lane.marks:
                left, right = mark_pixels(start_s, end_s, drawing)
                inside[left - LEFT : right - LEFT] = True
    return inside


def mark_pixels(start_s: float, end_s: float, drawing: Drawing) -> tuple[int, int]:
    """First pixel of a mark and the pixel after its last one; never too narrow to be seen."""
    left, right = round(x_of(start_s, drawing)), round(x_of(end_s, drawing))
    if right - left < _NARROWEST_MARK:
        left = min(max(LEFT, (left + right - _NARROWEST_MARK) // 2), WIDTH - RIGHT - 1)
        right = left + _NARROWEST_MARK
    return left, min(right, WIDTH - RIGHT)


def _font(size: int) -> Any:
    """The typeface that comes with Pillow, so that pictures look alike everywhere."""
    from PIL import ImageFont

    return ImageFont.load_default(size)
