"""Where somebody speaks.

Two questions in turn. Where is *something*: the level of 10 ms windows rises above a noise floor
that follows the recording, or two bands rise 6 dB above what stands still beneath them. Is it
*speech*: over about two seconds, the shape of its spectrum keeps changing, as vowels and consonants
follow each other. Noise of any colour, hum, chords, tones, dialling tones and beeps fail the second
question even when they come and go; music with many voices may pass it. What is left must not
drown: a recogniser hears nothing in a hum or a chord that is far louder.

Two measures of the shape, either of which is enough. Of the levels themselves, for words that are
too short to have a background: measured on speech in three languages and on 40 kinds of noise and
tone, the standard deviation of the band levels, each spectrum's mean taken out, is 6 to 10 dB for
clean speech, 3 to 5 dB for speech in noise at 5 dB, 1.9 to 2.6 dB for noise however it is
modulated, below 1 dB for steady sounds. And of the excess over the background, for speech under
something louder: 1 dB for noise, 2.7 to 6 dB for speech that the embedded recogniser hears. In both
a fifth of a speaker's spectra spreads over more than 7 bins, of any two tones over 4.8.
`python -m tests.nightly.thresholds.gate` measures all of it, with that recogniser as the judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.decibels import power_to_db, powers_to_db
from ossicle.signal.runs import Marks, filled, marks_of, runs, without_short
from ossicle.signal.spectrum import SpectralShapes

_CELL = 100
_CELLS_AROUND = 5
_LOWEST_FLOOR_DB = -75.0
_ON_DB = 6.0
_OFF_DB = 3.0
_GAP = 20
_SHORTEST = 5
_CONTEXT_S = 1.0
_SHAPE_DB = 2.8
_SPREAD_BINS = 5.5
_SPREAD_SHARE = 0.2
_RANGE_DB = 40
_STEP_DB = 30
_LEAST_SPECTRA = 3
_LEAST_BANDS = 3
_LIFTED_HALVES = 12
_LIFTED_BANDS = 2
_LIFTED_MEAN_HALVES = 6.0
_EXCESS_SHAPE_DB = 2.7
_DROWNED_DB = -29.0
_DROWNED_HIGH_DB = -14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Where somebody speaks, and how far above the noise.

    Attributes:
        segments: Start and end of each stretch of speech in seconds, in order.
        speech_s: Their sum.
        speech_share: Their share of the whole, 0 to 1.
        speech_level_dbfs: Mean level inside them; `-inf` without speech.
        noise_floor_dbfs: Mean level where nothing rises above the floor; `-inf` for digital
            silence.
        snr_db: How far the speech without its noise lies above that noise; `inf` when that is
            digital silence, `None` without speech.
    """

    segments: Marks
    speech_s: float
    speech_share: float
    speech_level_dbfs: float
    noise_floor_dbfs: float
    snr_db: float | None


def find_speech(
    weighted: NDArray[np.float32],
    powers: NDArray[np.float32],
    *,
    window_s: float,
    shapes: SpectralShapes,
) -> Activity:
    """Find speech in the measurements of a whole stream.

    Args:
        weighted: K-weighted mean square of each window; finds it without rumble and offset.
        powers: Mean square of each window; tells levels. As long as `weighted`.
        window_s: Length of a window.
        shapes: Of the spectra of the same stream.
    """
    levels = powers_to_db(np.maximum(_smooth(weighted), 1e-13))
    floor = _noise_floor(levels)
    is_loud = _hysteresis(levels, floor)
    is_sound = is_loud | _lifted(shapes, len(levels), window_s)
    is_speech = _merged(is_sound & _speech_like(is_loud, shapes, window_s))
    speech = powers[is_speech]
    noise = powers[~is_loud]
    if len(noise) < _SHORTEST and len(powers):
        noise = np.sort(powers)[: max(1, len(powers) // 20)]
    speech_power = float(speech.mean(dtype=np.float64)) if len(speech) else 0.0
    noise_power = float(noise.mean(dtype=np.float64)) if len(noise) else 0.0
    starts, ends = runs(is_speech)
    speech_s = float(len(speech)) * window_s
    return Activity(
        segments=marks_of(starts, ends, step_s=window_s, limit=None),
        speech_s=speech_s,
        speech_share=len(speech) / len(powers) if len(powers) else 0.0,
        speech_level_dbfs=power_to_db(speech_power),
        noise_floor_dbfs=power_to_db(noise_power),
        snr_db=_snr_db(speech_power, noise_power) if len(speech) else None,
    )


def _smooth(weighted: NDArray[np.float32]) -> NDArray[np.float64]:
    """Means over three windows, which halves how much the level of noise flickers."""
    if len(weighted) < 3:
        return weighted.astype(np.float64)
    padded = np.pad(weighted.astype(np.float64), 1, mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3.0)


def _noise_floor(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The floor under each window: the lowest tenth of a second-long cell, of eleven around it."""
    cells = [levels[start : start + _CELL] for start in range(0, len(levels), _CELL)]
    tenths = np.array([np.percentile(cell, 10) for cell in cells])
    padded = np.pad(tenths, _CELLS_AROUND, mode="edge") if len(cells) else tenths
    if not len(cells):
        return levels
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * _CELLS_AROUND + 1).min(axis=1)
    return np.repeat(np.maximum(lowest, _LOWEST_FLOOR_DB), _CELL)[: len(levels)]


def _hysteresis(levels: NDArray[np.float64], floor: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Stretches above the lower threshold that somewhere pass the upper one, gaps filled."""
    is_above = levels > floor + _ON_DB
    starts, ends = runs(levels > floor + _OFF_DB)
    count = np.concatenate([[0], np.cumsum(is_above)])
    kept = count[ends] > count[starts]
    return without_short(filled(len(levels), starts[kept], ends[kept], gap=_GAP), _SHORTEST)


def _merged(is_speech: NDArray[np.bool_]) -> NDArray[np.bool_]:
    starts, ends = runs(is_speech)
    return without_short(filled(len(is_speech), starts, ends, gap=_GAP), _SHORTEST)


def _lifted(shapes: SpectralShapes, n_windows: int, window_s: float) -> NDArray[np.bool_]:
    """Windows in which bands rise above what stands still beneath them."""
    lifted = (shapes.excess_db >= _LIFTED_HALVES).sum(axis=1) >= _LIFTED_BANDS
    if not len(lifted):
        return np.zeros(n_windows, np.bool_)
    starts, ends = runs(lifted[_nearest(n_windows, window_s, shapes)])
    return filled(n_windows, starts, ends, gap=_GAP)


def _nearest(n_windows: int, window_s: float, shapes: SpectralShapes) -> NDArray[np.intp]:
    """Index of the spectrum at each window."""
    found = ((np.arange(n_windows) + 0.5) * window_s / shapes.step_s).astype(np.intp)
    return np.minimum(found, len(shapes.levels_dbfs) - 1)


def _speech_like(
    is_loud: NDArray[np.bool_], shapes: SpectralShapes, window_s: float
) -> NDArray[np.bool_]:
    """Whether the sound around each window changes and spreads as speech does, and stands out."""
    spectra, bands = shapes.levels_dbfs.shape
    if not len(is_loud) or not spectra or bands < _LEAST_BANDS:
        return np.zeros(len(is_loud), np.bool_)
    reach = max(1, round(_CONTEXT_S / shapes.step_s))
    fits = _levels_change(is_loud, shapes, window_s, reach) | _excess_changes(shapes, reach)
    fits &= ~_drowns(shapes, reach)
    return np.asarray(fits[_nearest(len(is_loud), window_s, shapes)])


def _levels_change(
    is_loud: NDArray[np.bool_], shapes: SpectralShapes, window_s: float, reach: int
) -> NDArray[np.bool_]:
    spectra = len(shapes.levels_dbfs)
    centres = ((np.arange(spectra) + 0.5) * shapes.step_s / window_s).astype(np.intp)
    counted = is_loud[np.minimum(centres, len(is_loud) - 1)]
    counted &= ~_beside_step(shapes.levels_dbfs)
    number = _around(counted.astype(np.float64), reach)
    is_spread = counted & (shapes.spreads >= _SPREAD_BINS)
    spread = _around(is_spread.astype(np.float64), reach) / np.maximum(number, 1.0)
    shape_db = _shape_change(shapes.levels_dbfs, counted, reach)
    return np.asarray(
        (number >= _LEAST_SPECTRA) & (spread >= _SPREAD_SHARE) & (shape_db >= _SHAPE_DB)
    )


def _excess_changes(shapes: SpectralShapes, reach: int) -> NDArray[np.bool_]:
    counted = ~_beside_step(shapes.levels_dbfs)
    halves = _deviation(shapes.excess_db.astype(np.float64), counted, reach)
    rises = counted & (shapes.excess_db.mean(axis=1) >= _LIFTED_MEAN_HALVES)
    number = np.maximum(_around(rises.astype(np.float64), reach), 1.0)
    is_spread = rises & (shapes.excess_spreads >= _SPREAD_BINS)
    spread = _around(is_spread.astype(np.float64), reach) / number
    return (halves >= 2.0 * _EXCESS_SHAPE_DB) & (spread >= _SPREAD_SHARE)


def _drowns(shapes: SpectralShapes, reach: int) -> NDArray[np.bool_]:
    """Whether what rises around a spectrum lies far below all that sounds there."""
    excess = 10.0 ** (shapes.excess_dbfs.astype(np.float64) / 10.0)
    whole = 10.0 ** (shapes.whole_dbfs.astype(np.float64) / 10.0)
    least = 10.0 ** (np.array([_DROWNED_DB, _DROWNED_HIGH_DB]) / 10.0)
    drowns = [
        _around(excess[:, at], reach) < least[at] * _around(whole[:, at], reach) for at in (0, 1)
    ]
    return np.asarray(drowns[0] | drowns[1])


def _beside_step(levels_dbfs: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Spectra next to one 30 dB lower: where a sound is cut, its spectrum is not its own."""
    loudest = np.pad(levels_dbfs.max(axis=1).astype(np.int16), 1, mode="edge")
    return np.asarray(loudest[1:-1] - np.minimum(loudest[:-2], loudest[2:]) > _STEP_DB)


def _shape_change(
    levels_dbfs: NDArray[np.int8], counted: NDArray[np.bool_], reach: int
) -> NDArray[np.float64]:
    """How much the levels of the bands change against each other around each spectrum, in dB."""
    loudest = levels_dbfs.max(axis=1).astype(np.int16)
    floor = (loudest - _RANGE_DB)[:, None]
    # What lies 40 dB below the loudest band is not heard and often only rounding.
    return _deviation(np.maximum(levels_dbfs, floor).astype(np.float64), counted, reach)


def _deviation(
    bands: NDArray[np.float64], counted: NDArray[np.bool_], reach: int
) -> NDArray[np.float64]:
    """Standard deviation over the context of each band against its spectrum, mean over bands."""
    means = bands.mean(axis=1)
    number = np.maximum(_around(counted.astype(np.float64), reach), 1.0)
    total = np.zeros(len(bands))
    for band in range(bands.shape[1]):
        value = np.where(counted, bands[:, band] - means, 0.0)
        mean = _around(value, reach) / number
        square = _around(value * value, reach) / number
        total += np.sqrt(np.maximum(square - mean * mean, 0.0))
    return np.asarray(total / bands.shape[1])


def _around(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Sums over `reach` neighbours on both sides and the value itself."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    positions = np.arange(len(values))
    above = np.minimum(positions + reach + 1, len(values))
    return np.asarray(sums[above] - sums[np.maximum(positions - reach, 0)])


def _snr_db(speech_power: float, noise_power: float) -> float:
    if noise_power <= 0.0:
        return math.inf
    return power_to_db(max(speech_power - noise_power, 1e-3 * noise_power) / noise_power)
