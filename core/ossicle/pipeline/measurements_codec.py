"""Measurements as JSON and bytes, so that a cache can keep them."""

from __future__ import annotations

import math
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.envelope import Envelope
from ossicle.signal.levels import ChannelLevel
from ossicle.signal.meters import Measurements
from ossicle.signal.spectrum import Spectrogram

_OUTLINE = ("minima", "maxima", "levels_dbfs")


def write_measurements(measured: Measurements) -> tuple[dict[str, Any], bytes]:
    """The figures as plain JSON data, and the arrays behind one another."""
    picture, outline = measured.spectrogram, measured.envelope
    figures = {
        field.name: getattr(measured, field.name)
        for field in fields(measured)
        if field.name not in ("envelope", "spectrogram", "by_channel")
    }
    figures["by_channel"] = [asdict(level) for level in measured.by_channel]
    figures["envelope"] = {"columns": len(outline.minima), "column_s": outline.column_s}
    figures["spectrogram"] = {
        "shape": list(picture.levels_dbfs.shape),
        "column_s": picture.column_s,
        "band_hz": picture.band_hz,
    }
    arrays = [getattr(outline, name) for name in _OUTLINE] + [picture.levels_dbfs]
    data = b"".join(np.ascontiguousarray(array, "<f4").tobytes() for array in arrays)
    return figures, data


def read_measurements(figures: Any, data: bytes) -> Measurements:
    """What `write_measurements` wrote.

    Raises:
        ValueError: It is not what was written.
        KeyError: Likewise.
        TypeError: Likewise.
    """
    known = dict(figures)
    outline, picture = known.pop("envelope"), known.pop("spectrogram")
    columns, shape = int(outline["columns"]), tuple(int(size) for size in picture["shape"])
    values = np.frombuffer(data, dtype="<f4").astype(np.float32)
    if len(values) != len(_OUTLINE) * columns + math.prod(shape):
        raise ValueError("the arrays have another size")
    pieces: list[NDArray[np.float32]] = [
        values[start : start + columns] for start in range(0, len(_OUTLINE) * columns, columns or 1)
    ] or [values[:0]] * len(_OUTLINE)
    levels = [ChannelLevel(**level) for level in known.pop("by_channel")]
    marks = {
        name: tuple(tuple(mark) for mark in known[name]) for name in known if name.endswith("marks")
    }
    dead = tuple(known.pop("dead_channels"))
    return Measurements(
        **{**known, **marks},
        by_channel=tuple(levels),
        dead_channels=dead,
        envelope=Envelope(**dict(zip(_OUTLINE, pieces, strict=True)), column_s=outline["column_s"]),
        spectrogram=Spectrogram(
            levels_dbfs=values[len(_OUTLINE) * columns :].reshape(shape),
            column_s=picture["column_s"],
            band_hz=picture["band_hz"],
        ),
    )
