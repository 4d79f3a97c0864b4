"""A WAV in memory from an array, as NumPy users, Gradio and `datasets` have audio."""

from __future__ import annotations

from typing import Any, SupportsIndex

import numpy as np

from ossicle.audio.containers.header import MAX_CHANNELS
from ossicle.audio.format import AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.errors import ConfigurationError

_SHAPE = "Give an array of shape (frames,) or (frames, channels); transpose it if it is turned."
_FULL_SCALE = 16.0
"""Floats beyond this many times full scale are integers that somebody converted."""
_KINDS = {"i2": "pcm_s16le", "i4": "pcm_s32le", "u1": "pcm_u8", "f4": "pcm_f32le"}


def wav_of_samples(samples: Any, sample_rate: int) -> bytes:
    """The samples as a WAV: integers as they are, floats as float32.

    Raises:
        ConfigurationError: It is no array of samples, or not at full scale ±1.0.
    """
    if not isinstance(sample_rate, SupportsIndex) or int(sample_rate) < 1:
        raise ConfigurationError(
            f"sample_rate of {sample_rate!r} is impossible", fix="Give a rate in Hz, as an int."
        )
    array = np.asarray(samples)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or not 1 <= array.shape[1] <= MAX_CHANNELS:
        raise ConfigurationError(f"samples have the shape {array.shape}", fix=_SHAPE)
    kind = "f4" if array.dtype.kind == "f" else f"{array.dtype.kind}{array.dtype.itemsize}"
    if kind not in _KINDS:
        raise ConfigurationError(
            f"samples are of type {array.dtype}", fix="Give float32, int16, int32 or uint8."
        )
    if kind == "f4" and array.size and float(np.nanmax(np.abs(array))) > _FULL_SCALE:
        raise ConfigurationError(
            f"float samples go up to {float(np.nanmax(np.abs(array))):g}",
            fix="Divide them so that full scale is 1.0, or give them as int16.",
        )
    form = AudioFormat(
        container="wav",
        encoding=_KINDS[kind],
        sample_rate=int(sample_rate),
        channels=array.shape[1],
    )
    data = np.ascontiguousarray(array, f"<{kind}").tobytes()
    return wav_header(form, len(array)) + data + bytes(len(data) & 1)
