"""What is drawn of a clip: its outline, its spectrogram and what is marked in time.

The meters' own pictures are fine for long audio; short audio is kept whole, so that it can be
drawn as finely as a picture is wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ossicle.audio import OutlineMeter

if TYPE_CHECKING:
    from ossicle.messages import Finding
    from ossicle.signal import Measurements, Samples

Levels = NDArray[np.float32]

FLOOR_DBFS = -120.0
"""Stands for digital silence, which has no level."""

_KEPT_S = 60.0
_KEPT_SAMPLES = 6_000_000
_OUTLINE_COLUMNS = 4096
_SPECTRUM_COLUMNS = 1600
_WINDOW_S = 0.035
_CHUNK_COLUMNS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Stretches of time that have something in common.

    Attributes:
        name: What it is, in a word.
        kind: Decides the colour: `speech`, `silence`, `clipping`, `error`, `warning` or `info`.
        marks: Pairs of seconds.
    """

    name: str
    kind: str
    marks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """What is drawn of a clip.

    Attributes:
        duration_s: Length of the time axis.
        minima: Lowest sample in each column of the outline.
        maxima: Highest sample in each column.
        rms: Root mean square in each column, 0 to 1.
        levels_dbfs: Shape `(columns, bands)`, at least `FLOOR_DBFS`.
        spectrum_column_s: Seconds from one column of the levels to the next.
        band_hz: Hertz in a band; the first starts at 0 Hz.
        highest_hz: Where the frequency axis ends.
        lanes: What is marked in time.
    """

    duration_s: float
    minima: NDArray[np.float32]
    maxima: NDArray[np.float32]
    rms: NDArray[np.float32]
    levels_dbfs: Levels
    spectrum_column_s: float
    band_hz: float
    highest_hz: float
    lanes: tuple[Lane, ...]


class CloseUp:
    """Keeps short audio whole while it passes; forgets it when it turns out to be long.

    Args:
        sample_rate: In Hz.
        channels: A count.
    """

    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self._sample_rate = sample_rate
        self._limit = min(int(_KEPT_S * sample_rate), _KEPT_SAMPLES // channels)
        self._pieces: list[Samples] = []
        self._frames = 0

    def add(self, block: Samples) -> None:
        """Keep a block of shape `(frames, channels)`, as long as there is room."""
        self._frames += len(block)
        if self._frames > self._limit:
            self._pieces = []
        elif len(block):
            self._pieces.append(np.nan_to_num(block, copy=True))

    @property
    def samples(self) -> Samples | None:
        """Everything, or `None` when it was too long or nothing came."""
        return np.concatenate(self._pieces) if self._pieces else None


def draw(
    measurements: Measurements, close_up: CloseUp, findings: Sequence[Finding] = ()
) -> Drawing:
    """What is to be drawn.

    Args:
        measurements: Of the whole clip.
        close_up: That saw the same blocks.
        findings: Whose places in time get lanes of their own.
    """
    samples = close_up.samples
    envelope, picture = measurements.envelope, measurements.spectrogram
    minima, maxima = envelope.minima, envelope.maxima
    rms = _amplitudes(envelope.levels_dbfs)
    levels, spectrum_s, band_hz = picture.levels_dbfs, picture.column_s, picture.band_hz
    if samples is not None:
        meter = OutlineMeter(
            column_frames=max(1, -(-len(samples) // _OUTLINE_COLUMNS)), channels=samples.shape[1]
        )
        meter.add(samples)
        outline = meter.result()
        minima, maxima, rms = outline.minima, outline.maxima, outline.rms
        levels, hop, band_hz = _spectra(samples, measurements.sample_rate)
        spectrum_s = hop / measurements.sample_rate
    return Drawing(
        duration_s=measurements.duration_s,
        minima=minima,
        maxima=maxima,
        rms=rms,
        levels_dbfs=np.maximum(np.nan_to_num(levels, neginf=FLOOR_DBFS), FLOOR_DBFS),
        spectrum_column_s=spectrum_s,
        band_hz=band_hz,
        highest_hz=measurements.sample_rate / 2,
        lanes=lanes_of(measurements, findings),
    )


def lanes_of(measurements: Measurements, findings: Iterable[Finding]) -> tuple[Lane, ...]:
    """Speech, silence and clipping as measured, then every finding that has places in time."""
    measured = (
        Lane(name="speech", kind="speech", marks=measurements.speech_marks),
        Lane(name="silence", kind="silence", marks=measurements.silence_marks),
        Lane(name="clipping", kind="clipping", marks=measurements.clipping_marks),
        Lane(name="dropouts", kind="error", marks=measurements.dropout_marks),
    )
    lanes = [lane for lane in measured if lane.marks]
    known = {lane.marks for lane in lanes}
    for found in findings:
        if found.marks and found.marks not in known:
            known.add(found.marks)
            name = found.code.replace("_", " ")
            lanes.append(Lane(name=name, kind=found.severity, marks=found.marks))
    return tuple(lanes)


def _amplitudes(levels_dbfs: Levels) -> NDArray[np.float32]:
    return np.power(10.0, np.maximum(levels_dbfs, FLOOR_DBFS) / 20.0).astype(np.float32)


def _spectra(samples: Samples, sample_rate: int) -> tuple[Levels, int, float]:
    """Levels of overlapping windows, frames from one to the next, and Hertz in a bin.

    A sine at full scale reads 0 dBFS.
    """
    size = 1 << max(5, int(np.ceil(np.log2(_WINDOW_S * sample_rate))))
    hop = max(size // 16, -(-len(samples) // _SPECTRUM_COLUMNS), 1)
    count = -(-len(samples) // hop)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    scale = (2.0 / window.sum()) ** 2 / samples.shape[1]
    # Windows are centred on their column, so that sound stands where it is heard.
    padded = np.pad(samples, ((size // 2, size), (0, 0)))
    levels = np.empty((count, size // 2 + 1), np.float32)
    for start in range(0, count, _CHUNK_COLUMNS):
        columns = np.arange(start, min(start + _CHUNK_COLUMNS, count))
        frames = columns[:, None] * hop + np.arange(size)
        power = np.zeros((len(columns), size // 2 + 1), np.float32)
        for channel in range(samples.shape[1]):
            spectrum = np.fft.rfft(padded[frames, channel] * window, axis=1)
            power += (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        levels[columns] = 10.0 * np.log10(np.maximum(power * scale, 1e-12))
    return levels, hop, sample_rate / size


def fit(values: NDArray[np.float32], count: int, *, how: np.ufunc) -> NDArray[np.float32]:
    """The values in exactly `count` columns, joined by `how` where there are more of them."""
    if not len(values):
        return np.zeros(count, np.float32)
    edges = np.linspace(0, len(values), count + 1)
    starts = np.minimum(edges[:-1].astype(np.intp), len(values) - 1)
    if len(values) <= count:
        return values[starts]
    return how.reduceat(values, starts).astype(np.float32)


def fit_levels(drawing: Drawing, *, columns: int, frequencies: NDArray[np.float64]) -> Levels:
    """Levels around these frequencies (Hz) for each of `columns` even steps of time.

    Where several bands lie around a frequency, the loudest counts: no tone gets lost between rows.

    Returns:
        Shape `(len(frequencies), columns)`.
    """
    levels = drawing.levels_dbfs
    if not len(levels):
        return np.full((len(frequencies), columns), FLOOR_DBFS, np.float32)
    bands = np.clip(frequencies / drawing.band_hz, 0, levels.shape[1] - 1)
    low = bands.astype(np.intp)
    high = np.minimum(low + 1, levels.shape[1] - 1)
    share = (bands - low).astype(np.float32)
    rows = np.asarray(levels[:, low] * (1 - share) + levels[:, high] * share, np.float32)
    starts, has_bands = _bands_around(frequencies, drawing.band_hz, levels.shape[1])
    loudest = np.maximum.reduceat(levels, starts, axis=1)
    rows = np.where(has_bands, np.maximum(rows, loudest), rows)
    seconds = (np.arange(columns) + 0.5) * drawing.duration_s / columns
    places = np.clip(seconds / drawing.spectrum_column_s, 0, len(rows) - 1)
    before = places.astype(np.intp)
    after = np.minimum(before + 1, len(rows) - 1)
    part = (places - before).astype(np.float32)[:, None]
    fitted = np.asarray(rows[before] * (1 - part) + rows[after] * part, np.float32).T
    if len(rows) > 2 * columns:
        # Far more columns than there is room for: the loudest of each stretch is shown.
        starts = np.minimum(
            np.linspace(0, len(rows), columns + 1)[:-1].astype(np.intp), len(rows) - 1
        )
        fitted = np.maximum.reduceat(rows, starts, axis=0).astype(np.float32).T
    return fitted


def _bands_around(
    frequencies: NDArray[np.float64], band_hz: float, bands: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The first band nearer to each frequency than to the one before, and whether there is one."""
    middles = (frequencies[:-1] + frequencies[1:]) / 2
    edges = np.concatenate([[0.0], middles, [np.inf]])
    starts = np.minimum(np.ceil(edges / band_hz), bands).astype(np.intp)
    return np.minimum(starts[:-1], bands - 1), starts[1:] > starts[:-1]


def hear_frequencies(highest_hz: float, rows: int) -> NDArray[np.float64]:
    """Frequencies in Hz from 0 to the highest, spaced as the ear hears them (mel), low ones first.

    Source: D. O'Shaughnessy, "Speech Communication", 1987: 2595 log10(1 + f / 700).
    """
    top = 2595.0 * np.log10(1.0 + highest_hz / 700.0)
    mels = (np.arange(rows) + 0.5) / rows * top
    found: NDArray[np.float64] = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    return found


def height_of(frequency_hz: float, highest_hz: float) -> float:
    """Where a frequency stands on the axis of `hear_frequencies`, from 0 to 1."""
    return float(np.log10(1.0 + frequency_hz / 700.0) / np.log10(1.0 + highest_hz / 700.0))


def frequency_ticks(highest_hz: float) -> list[tuple[float, str]]:
    """Frequencies worth a label, with the label."""
    steps = (0, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000)
    return [
        (float(step), f"{step // 1000} kHz" if step >= 1000 else f"{step} Hz")
        for step in steps
        if step <= highest_hz * 0.98
    ]


def time_ticks(duration_s: float, *, most: int) -> list[float]:
    """Round times from 0 to the end, at most `most` steps."""
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    step = next((one for one in steps if duration_s / one <= most), 7200.0)
    return [round(number * step, 3) for number in range(int(duration_s / step + 1e-9) + 1)]


def time_label(seconds: float, duration_s: float) -> str:
    """A time as an axis shows it."""
    if duration_s < 60:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
