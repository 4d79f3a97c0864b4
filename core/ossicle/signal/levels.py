"""Peak, RMS, offset, clipping, silence and dropouts, measured while the samples pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ossicle.signal.blocks import Reblocker, Samples, finite
from ossicle.signal.clipping import Clipping, ClippingMeter
from ossicle.signal.decibels import amplitude_to_db, power_to_db
from ossicle.signal.loudness import window_frames
from ossicle.signal.runs import Marks, marks_of, runs
from ossicle.signal.series import Series

SILENCE_DBFS = -60.0
"""Below this, 10 ms count as silence; a quiet room recorded at a usual level lies about here."""

_TILE_WINDOWS = 400
_SILENCE_MARK_WINDOWS = 50
_DROPOUT_WINDOWS = 50
_DROPOUT_NEIGHBOUR_DBFS = -45.0
_DEAD_DBFS = -80.0
_ALIVE_DBFS = -60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLevel:
    """Level of one channel.

    Attributes:
        peak_dbfs: Of the samples; `-inf` for digital silence.
        rms_dbfs: With the offset; `-inf` for digital silence. A full-scale sine has −3.01.
        dc_offset: Mean of the samples, −1 to 1.
    """

    peak_dbfs: float
    rms_dbfs: float
    dc_offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Levels of a whole stream.

    Attributes:
        by_channel: In order of the channels.
        peak_dbfs: The highest of all channels; `-inf` for digital silence.
        rms_dbfs: Of all channels together; `-inf` for digital silence.
        dc_offset: The largest of all channels, with its sign.
        clipping: Runs at full scale.
        dead_channels: Indices of channels that hold nothing while others do.
        silence_share: Share of the time below −60 dBFS (offset aside), 0 to 1; 1 without frames.
        leading_silence_s: Silence before the first sound; everything if there is none.
        trailing_silence_s: Silence after the last sound; everything if there is none.
        silence_marks: Silences of at least half a second.
        dropout_marks: Runs of zeros of at most half a second that cut into sound.
        low_share: Share of the energy (offset aside) below about 50 Hz, 0 to 1. A deep voice
            alone shows as up to a tenth.
        nonfinite_samples: Samples that are not numbers; they count as 0 in all figures.
    """

    by_channel: tuple[ChannelLevel, ...]
    peak_dbfs: float
    rms_dbfs: float
    dc_offset: float
    clipping: Clipping
    dead_channels: tuple[int, ...]
    silence_share: float
    leading_silence_s: float
    trailing_silence_s: float
    silence_marks: Marks
    dropout_marks: Marks
    low_share: float
    nonfinite_samples: int


class LevelMeter:
    """Measures levels of a stream; keeps 12 bytes for each 10 ms (4.3 MB an hour).

    Args:
        sample_rate: In Hz.
        channels: A count.
    """

    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.window_frames = window_frames(sample_rate)
        self._blocks = Reblocker(frames=_TILE_WINDOWS * self.window_frames, channels=channels)
        self._clipping = ClippingMeter(sample_rate=sample_rate, channels=channels)
        self._frames = 0
        self._nonfinite = 0
        self._totals = _Totals.zero(channels)
        self._powers = Series(np.float32)
        self._minima = Series(np.float32)
        self._maxima = Series(np.float32)

    @property
    def window_s(self) -> float:
        """Length of a window in seconds, about 0.01."""
        return self.window_frames / self.sample_rate

    def add(self, block: Samples) -> None:
        """Measure a block of any length."""
        clean = finite(block)
        if clean is not block:
            self._nonfinite += int(block.size - np.count_nonzero(np.isfinite(block)))
        self._frames += len(clean)
        for whole in self._blocks.push(clean):
            windows = _Windows.of(whole, self.window_frames)
            self._totals = self._totals.plus(windows, self.window_frames)
            self._powers.extend(windows.powers)
            self._minima.extend(windows.minima.min(axis=0))
            self._maxima.extend(windows.maxima.max(axis=0))
            self._clipping.add(whole)

    def window_powers(self) -> NDArray[np.float32]:
        """Mean square of each whole 10 ms without its offset, averaged over the channels."""
        return np.concatenate([self._powers.values, self._rest_windows().powers])

    def extremes(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The lowest and the highest sample of each whole 10 ms, over all channels."""
        rest = self._rest_windows()
        return (
            np.concatenate([self._minima.values, rest.minima.min(axis=0)]),
            np.concatenate([self._maxima.values, rest.maxima.max(axis=0)]),
        )

    def result(self) -> Levels:
        """The levels so far; may be asked at any time."""
        totals = self._totals.plus(self._rest_windows(), self.window_frames)
        whole = len(self._blocks.rest) // self.window_frames * self.window_frames
        if len(self._blocks.rest) > whole:
            last = self._blocks.rest[whole:]
            totals = totals.plus(_Windows.of(last, len(last)), len(last))
        powers = self.window_powers()
        if not len(powers) and self._frames:
            powers = np.array([totals.power_without_offset().mean()], np.float32)
        by_channel = totals.by_channel()
        alive_power = 10.0 ** (_ALIVE_DBFS / 10.0)
        without_offset = totals.power_without_offset()
        is_dead = without_offset < 10.0 ** (_DEAD_DBFS / 10.0)
        some_live = bool((without_offset > alive_power).any())
        minima, maxima = self.extremes()
        silence = _Silence.of(powers, step_s=self.window_s, duration_s=self._duration_s)
        return Levels(
            by_channel=by_channel,
            peak_dbfs=max(level.peak_dbfs for level in by_channel),
            rms_dbfs=power_to_db(float(totals.power().mean())),
            dc_offset=max((level.dc_offset for level in by_channel), key=abs),
            clipping=self._clipping.result(self._blocks.rest),
            dead_channels=tuple(np.flatnonzero(is_dead).tolist()) if some_live else (),
            silence_share=silence.share,
            leading_silence_s=silence.leading_s,
            trailing_silence_s=silence.trailing_s,
            silence_marks=silence.marks,
            dropout_marks=_dropouts(minima, maxima, powers, step_s=self.window_s),
            low_share=totals.low_share(),
            nonfinite_samples=self._nonfinite,
        )

    @property
    def _duration_s(self) -> float:
        return self._frames / self.sample_rate

    def _rest_windows(self) -> _Windows:
        whole = len(self._blocks.rest) // self.window_frames * self.window_frames
        return _Windows.of(self._blocks.rest[:whole], self.window_frames)


@dataclass(frozen=True, slots=True)
class _Windows:
    """Figures of consecutive windows; all but `powers` of shape `(channels, windows)`."""

    means: NDArray[np.float64]
    squares: NDArray[np.float64]
    minima: NDArray[np.float32]
    maxima: NDArray[np.float32]
    powers: NDArray[np.float32]

    @classmethod
    def of(cls, samples: Samples, size: int) -> _Windows:
        count = len(samples) // size
        channels = samples.shape[1]
        means = np.zeros((channels, count))
        spreads = np.zeros((channels, count))
        minima = np.zeros((channels, count), np.float32)
        maxima = np.zeros((channels, count), np.float32)
        for channel in range(channels):
            windows = np.ascontiguousarray(samples[:, channel]).reshape(count, size)
            # Around the mean, not around zero: beside the square of a large offset, float32 has
            # no digits left to tell silence from sound.
            centres = (np.einsum("ij->i", windows) / np.float32(size)).astype(np.float32)
            around = windows - centres[:, None]
            errors = np.einsum("ij->i", around).astype(np.float64) / size
            means[channel] = centres + errors
            spreads[channel] = np.einsum("ij,ij->i", around, around) / size - errors**2
            if count:
                # Twice as fast as the extremes of rows, for the same result.
                starts = np.arange(0, count * size, size)
                minima[channel] = np.minimum.reduceat(windows.reshape(-1), starts)
                maxima[channel] = np.maximum.reduceat(windows.reshape(-1), starts)
        np.maximum(spreads, 0.0, out=spreads)
        powers = spreads.mean(axis=0).astype(np.float32)
        return cls(means, spreads + means**2, minima, maxima, powers)


@dataclass(frozen=True, slots=True)
class _Totals:
    """Sums over windows, by channel, weighted by their frames."""

    frames: int
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    squared_means: NDArray[np.float64]
    peaks: NDArray[np.float32]

    @classmethod
    def zero(cls, channels: int) -> _Totals:
        zeros = np.zeros(channels)
        return cls(0, zeros, zeros, zeros, np.zeros(channels, np.float32))

    def plus(self, windows: _Windows, size: int) -> _Totals:
        extremes = np.maximum(windows.maxima, -windows.minima)
        return _Totals(
            self.frames + size * windows.means.shape[1],
            self.sums + size * windows.means.sum(axis=1),
            self.squares + size * windows.squares.sum(axis=1),
            self.squared_means + size * (windows.means**2).sum(axis=1),
            np.maximum(self.peaks, extremes.max(axis=1, initial=0.0)),
        )

    def power(self) -> NDArray[np.float64]:
        return self.squares / max(self.frames, 1)

    def power_without_offset(self) -> NDArray[np.float64]:
        spread = self.power() - (self.sums / max(self.frames, 1)) ** 2
        return np.where(spread < 1e-12 * self.power(), 0.0, spread)

    def low_share(self) -> float:
        # Means over 10 ms are a low-pass: -1 dB at 25 Hz, -4 dB at 50 Hz, nothing at 100 Hz.
        total = float(self.power_without_offset().sum())
        offsets = (self.sums / max(self.frames, 1)) ** 2
        low = float((self.squared_means / max(self.frames, 1) - offsets).sum())
        return min(1.0, max(0.0, low / total)) if total > 0.0 else 0.0

    def by_channel(self) -> tuple[ChannelLevel, ...]:
        return tuple(
            ChannelLevel(
                peak_dbfs=amplitude_to_db(float(peak)),
                rms_dbfs=power_to_db(float(power)),
                dc_offset=float(total) / max(self.frames, 1),
            )
            for peak, power, total in zip(self.peaks, self.power(), self.sums, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Silence:
    share: float
    leading_s: float
    trailing_s: float
    marks: Marks

    @classmethod
    def of(cls, powers: NDArray[np.float32], *, step_s: float, duration_s: float) -> _Silence:
        is_silent = powers < 10.0 ** (SILENCE_DBFS / 10.0)
        sounding = np.flatnonzero(~is_silent)
        if not len(sounding):
            marks = ((0.0, duration_s),) if duration_s > 0.0 else ()
            return cls(1.0, duration_s, duration_s, marks)
        starts, ends = runs(is_silent)
        is_long = ends - starts >= _SILENCE_MARK_WINDOWS
        return cls(
            share=float(is_silent.mean()),
            leading_s=float(sounding[0]) * step_s,
            trailing_s=max(0.0, duration_s - float(sounding[-1] + 1) * step_s),
            marks=marks_of(starts[is_long], ends[is_long], step_s=step_s),
        )


def _dropouts(
    minima: NDArray[np.float32],
    maxima: NDArray[np.float32],
    powers: NDArray[np.float32],
    *,
    step_s: float,
) -> Marks:
    """Zeros between two windows that sound: nothing natural falls from speech to zero in 10 ms."""
    if len(minima) < 3 or len(minima) != len(powers):
        return ()
    starts, ends = runs((minima == 0.0) & (maxima == 0.0))
    inside = (starts > 0) & (ends < len(minima)) & (ends - starts <= _DROPOUT_WINDOWS)
    starts, ends = starts[inside], ends[inside]
    # The windows at the cuts hold part of the zeros, so the louder of two neighbours counts.
    loud = 10.0 ** (_DROPOUT_NEIGHBOUR_DBFS / 10.0)
    before = np.maximum(powers[starts - 1], powers[np.maximum(starts - 2, 0)])
    after = np.maximum(powers[ends], powers[np.minimum(ends + 1, len(powers) - 1)])
    cuts = (before > loud) & (after > loud)
    return marks_of(starts[cuts], ends[cuts], step_s=step_s)
