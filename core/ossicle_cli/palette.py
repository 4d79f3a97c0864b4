"""Colours of pictures: two themes, and a scale from silent to loud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rgb = tuple[int, int, int]

_SCALE: tuple[Rgb, ...] = (
    (8, 6, 24), (24, 15, 61), (61, 18, 101), (104, 28, 112), (147, 40, 108), (189, 55, 92),
    (224, 81, 68), (245, 121, 46), (252, 169, 38), (251, 217, 96), (252, 252, 210),
)  # fmt: skip
"""From silent to loud; lightness rises evenly, so it reads in grey and for the colour-blind."""

RANGE_DB = 80.0
"""What the scale spans below the loudest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours of a picture.

    Attributes:
        page: Around the panels.
        panel: Behind the waveform.
        grid: Lines.
        text: Titles.
        faint: Axis labels.
        wave: Peaks of the waveform.
        core: Its root mean square.
        lanes: By kind of lane.
    """

    page: Rgb
    panel: Rgb
    grid: Rgb
    text: Rgb
    faint: Rgb
    wave: Rgb
    core: Rgb
    lanes: dict[str, Rgb]


DARK = Theme(
    page=(15, 19, 26),
    panel=(22, 28, 38),
    grid=(44, 53, 68),
    text=(233, 238, 246),
    faint=(146, 158, 178),
    wave=(46, 125, 140),
    core=(112, 214, 222),
    lanes={
        "speech": (104, 199, 130), "silence": (108, 122, 146), "clipping": (255, 84, 84),
        "error": (255, 84, 84), "warning": (247, 178, 62), "info": (98, 168, 255),
    },
)  # fmt: skip

LIGHT = Theme(
    page=(255, 255, 255),
    panel=(244, 246, 250),
    grid=(214, 220, 230),
    text=(24, 30, 42),
    faint=(94, 104, 122),
    wave=(124, 194, 204),
    core=(16, 118, 134),
    lanes={
        "speech": (46, 150, 80), "silence": (150, 160, 178), "clipping": (214, 32, 46),
        "error": (214, 32, 46), "warning": (208, 128, 8), "info": (36, 108, 214),
    },
)  # fmt: skip


def colors_of(levels_dbfs: NDArray[np.float32], *, top_dbfs: float) -> NDArray[np.uint8]:
    """A colour for each level, from `RANGE_DB` below the top up to the top.

    Returns:
        The shape of the levels and one more axis of 3.
    """
    anchors = np.array(_SCALE, np.float32)
    share = np.clip((levels_dbfs - (top_dbfs - RANGE_DB)) / RANGE_DB, 0.0, 1.0)
    place = share * (len(anchors) - 1)
    low = np.minimum(place.astype(np.intp), len(anchors) - 2)
    part = (place - low)[..., None]
    mixed = anchors[low] * (1 - part) + anchors[low + 1] * part
    colors: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return colors


def top_of(levels_dbfs: NDArray[np.float32]) -> float:
    """The upper end of the scale: the loudest level, rounded up to 5 dB, from −40 to 0."""
    loudest = float(levels_dbfs.max(initial=-200.0))
    return float(np.clip(np.ceil(loudest / 5.0) * 5.0, -40.0, 0.0))


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """A colour between two; a share of 0 is the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
