"""One pass over the samples that measures everything anybody asks about them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ossicle.errors import ConfigurationError
from ossicle.signal.activity import find_speech
from ossicle.signal.blocks import Samples
from ossicle.signal.clipping import Clipping
from ossicle.signal.envelope import Envelope, envelope_of
from ossicle.signal.levels import ChannelLevel, LevelMeter
from ossicle.signal.loudness import LoudnessMeter, loudness_of
from ossicle.signal.runs import Marks
from ossicle.signal.spectrum import Spectrogram, SpectrumMeter
from ossicle.signal.true_peak import TruePeakMeter

_PIECE_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurements:
    """What was measured of a whole stream. Digital silence is `-inf` dBFS, LUFS or dBTP.

    Attributes:
        sample_rate: In Hz.
        channels: A count.
        frames: How many came.
        peak_dbfs: The highest sample of all channels.
        true_peak_dbtp: The highest point between the samples.
        rms_dbfs: Of all channels together, with the offset.
        loudness_lufs: Integrated, gated; `-inf` also for less than 400 ms.
        momentary_max_lufs: The loudest 400 ms.
        short_term_max_lufs: The loudest 3 s; `-inf` also for less.
        dc_offset: The largest of all channels, −1 to 1, with its sign.
        by_channel: Peak, RMS and offset of each channel.
        dead_channels: Indices of channels that hold nothing while others do.
        clipped_runs: How often three or more consecutive samples were at full scale.
        clipped_samples: How many samples these are.
        clipped_share: Their share of all samples, 0 to 1.
        clipping_marks: Where, in seconds; at most 200.
        silence_share: Share of the time below −60 dBFS, 0 to 1; 1 without frames.
        leading_silence_s: Before the first sound.
        trailing_silence_s: After the last sound.
        silence_marks: Silences of half a second and more, in seconds; at most 200.
        dropout_marks: Zeros that cut into sound, in seconds; at most 200.
        speech_s: Seconds in which somebody speaks.
        speech_share: Their share of the whole, 0 to 1.
        speech_marks: Where, in seconds; all of them.
        speech_level_dbfs: Mean level of the speech; `-inf` without.
        noise_floor_dbfs: Mean level where nothing rises above the background.
        snr_db: Speech against that background; `inf` when it is digital silence, `None` without
            speech.
        bandwidth_hz: Up to which frequency there is energy; 0 for silence.
        high_share: Share of the energy above 16 kHz, 0 to 1.
        high_dbfs: Level above 16 kHz.
        high_excess_db: How much denser energy lies above 16 kHz than from 12 to 16 kHz.
        low_share: Share of the energy below about 50 Hz, 0 to 1.
        nonfinite_samples: Samples that are not numbers; they count as 0.
        envelope: The waveform, small enough to draw.
        spectrogram: Levels over time and frequency, small enough to draw.
    """

    sample_rate: int
    channels: int
    frames: int
    peak_dbfs: float
    true_peak_dbtp: float
    rms_dbfs: float
    loudness_lufs: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    dc_offset: float
    by_channel: tuple[ChannelLevel, ...]
    dead_channels: tuple[int, ...]
    clipped_runs: int
    clipped_samples: int
    clipped_share: float
    clipping_marks: Marks
    silence_share: float
    leading_silence_s: float
    trailing_silence_s: float
    silence_marks: Marks
    dropout_marks: Marks
    speech_s: float
    speech_share: float
    speech_marks: Marks
    speech_level_dbfs: float
    noise_floor_dbfs: float
    snr_db: float | None
    bandwidth_hz: float
    high_share: float
    high_dbfs: float
    high_excess_db: float
    low_share: float
    nonfinite_samples: int
    envelope: Envelope
    spectrogram: Spectrogram

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def with_clipping(self, clipping: Clipping) -> Measurements:
        """The same measurements, with the clipping of the source where that is worse.

        Resampling and mixing turn flat tops into ripples around full scale, so clipping is
        counted best before them; its marks are then in the source's time.
        """
        if clipping.share <= self.clipped_share:
            return self
        return replace(
            self,
            clipped_runs=clipping.runs,
            clipped_samples=clipping.samples,
            clipped_share=clipping.share,
            clipping_marks=clipping.marks,
        )

    def figures(self) -> dict[str, float]:
        """The single figures by name with unit, in order; those that are not finite are left out.

        For receipts and JSON, which know no infinity: a missing level means digital silence.
        """
        figures: dict[str, float] = {"duration_s": self.duration_s}
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, int | float) and math.isfinite(value):
                figures[name] = value
        return figures


class Meter:
    """Measures a stream in one pass; the same result, bit by bit, for any split.

    What it keeps grows by some 8 MB an hour: figures of each 10 ms and of each spectrum.

    Args:
        sample_rate: In Hz.
        channels: A count.

    Raises:
        ConfigurationError: One of them is not positive.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        if sample_rate < 1 or channels < 1:
            raise ConfigurationError(
                f"{channels} channels at {sample_rate} Hz cannot be measured",
                fix="Give at least one channel and a positive sample rate.",
            )
        self.sample_rate = sample_rate
        self.channels = channels
        self._frames = 0
        self._levels = LevelMeter(sample_rate=sample_rate, channels=channels)
        self._loudness = LoudnessMeter(sample_rate=sample_rate, channels=channels)
        self._true_peak = TruePeakMeter(channels=channels)
        self._spectrum = SpectrumMeter(sample_rate=sample_rate, channels=channels)

    def add(self, block: Samples) -> None:
        """Measure a block of any length, shape `(frames, channels)`."""
        self._frames += len(block)
        for start in range(0, len(block), _PIECE_FRAMES):
            piece = block[start : start + _PIECE_FRAMES]
            self._levels.add(piece)
            self._loudness.add(piece)
            self._true_peak.add(piece)
            self._spectrum.add(piece)

    def result(self) -> Measurements:
        """What was measured so far; may be asked at any time, and more may be added after."""
        weighted = self._loudness.window_energies()
        loudness = loudness_of(weighted)
        levels = self._levels.result()
        spectrum = self._spectrum.result()
        powers = self._levels.window_powers()
        speech = find_speech(
            weighted,
            powers,
            window_s=self._levels.window_s,
            shapes=self._spectrum.shapes(),
        )
        minima, maxima = self._levels.extremes()
        return Measurements(
            sample_rate=self.sample_rate,
            channels=self.channels,
            frames=self._frames,
            peak_dbfs=levels.peak_dbfs,
            true_peak_dbtp=self._true_peak.result(),
            rms_dbfs=levels.rms_dbfs,
            loudness_lufs=loudness.integrated_lufs,
            momentary_max_lufs=loudness.momentary_max_lufs,
            short_term_max_lufs=loudness.short_term_max_lufs,
            dc_offset=levels.dc_offset,
            by_channel=levels.by_channel,
            dead_channels=levels.dead_channels,
            clipped_runs=levels.clipping.runs,
            clipped_samples=levels.clipping.samples,
            clipped_share=levels.clipping.share,
            clipping_marks=levels.clipping.marks,
            silence_share=levels.silence_share,
            leading_silence_s=levels.leading_silence_s,
            trailing_silence_s=levels.trailing_silence_s,
            silence_marks=levels.silence_marks,
            dropout_marks=levels.dropout_marks,
            speech_s=speech.speech_s,
            speech_share=speech.speech_share,
            speech_marks=speech.segments,
            speech_level_dbfs=speech.speech_level_dbfs,
            noise_floor_dbfs=speech.noise_floor_dbfs,
            snr_db=speech.snr_db,
            bandwidth_hz=spectrum.bandwidth_hz,
            high_share=spectrum.high_share,
            high_dbfs=spectrum.high_dbfs,
            high_excess_db=spectrum.high_excess_db,
            low_share=levels.low_share,
            nonfinite_samples=levels.nonfinite_samples,
            envelope=envelope_of(minima, maxima, powers, step_s=self._levels.window_s),
            spectrogram=self._spectrum.spectrogram(),
        )


def measure(samples: NDArray[np.float32], *, sample_rate: int) -> Measurements:
    """Measure a whole array of shape `(frames, channels)`; see `Meter`."""
    meter = Meter(sample_rate, samples.shape[1])
    meter.add(samples)
    return meter.result()
