"""From clips of plain PCM to what recognisers take, and from voices to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossicle.audio import AudioClip
from ossicle.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mono = NDArray[np.float32]
    """Shape `(frames,)`, full scale ±1.0: what the engines' own interfaces take."""

HEARING_RATE = 16000
"""Hz; what all recognisers here were trained on."""

TARGET_RMS_DBFS = -20.0
"""Level of all voices: engines differ by 16 dB from each other."""

_PEAK_CEILING = 0.89

_MOST_GAIN = 8.0
"""18 dB: the quietest voice needs 12, and the noise floor of a mere pause must not become loud."""


def mono_samples(clip: AudioClip) -> Mono:
    """All channels of a clip mixed into one, at 16 kHz.

    Raises:
        UnsupportedFormatError: It is not 16-bit little-endian PCM, raw or in WAV.
    """
    form, facts = clip.format, clip.facts
    if (
        form.encoding != "pcm_s16le"
        or form.container not in ("raw", "wav")
        or form.sample_rate is None
        or form.channels is None
    ):
        raise UnsupportedFormatError(
            f"the local recogniser was given {form}",
            format=str(form),
            fix="Convert it to a 16-bit WAV first.",
        )
    with clip.open() as file:
        file.seek(facts.data_offset or 0)
        data = file.read(-1 if facts.data_bytes is None else facts.data_bytes)
    width = 2 * form.channels
    whole = np.frombuffer(data, "<i2", count=len(data) // width * form.channels)
    frames = whole.reshape(-1, form.channels).astype(np.float32) / 32768
    return resampled(frames.mean(axis=1), source=form.sample_rate, target=HEARING_RATE)


def resampled(samples: Mono, *, source: int, target: int) -> Mono:
    """The same sound at another sample rate, both in Hz."""
    if source == target or not len(samples):
        return np.ascontiguousarray(samples, np.float32)
    import soxr

    return np.asarray(soxr.resample(samples, source, target), np.float32)


def levelled_pcm(samples: Mono) -> bytes:
    """16-bit little-endian samples at about -20 dBFS RMS, peaks kept below -1 dBFS.

    What is more than 18 dB quieter than that stays quiet.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return np.zeros(len(samples), "<i2").tobytes()
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    gain = min(10 ** (TARGET_RMS_DBFS / 20) / rms, _PEAK_CEILING / peak, _MOST_GAIN)
    pcm: bytes = np.rint(samples * (gain * 32767)).astype("<i2").tobytes()
    return pcm
