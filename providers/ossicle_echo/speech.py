"""What the echo says, as bytes: raw 16-bit PCM in pieces, or one WAV file."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from ossicle.audio import AudioFormat

from .models import SAMPLE_RATE, VOICES
from .tones import text_to_blocks

PCM = AudioFormat.pcm(sample_rate=SAMPLE_RATE)
WAV = AudioFormat.named("wav", sample_rate=SAMPLE_RATE, channels=1)

_FULL_SCALE = 32767
_BYTES_PER_S = 2 * SAMPLE_RATE


def text_to_pcm(text: str, *, voice: str) -> Iterator[bytes]:
    """The tones of a text, two seconds at a time; computed while it is iterated."""
    for samples in text_to_blocks(text, sample_rate=SAMPLE_RATE, tilt_db=VOICES[voice]):
        yield np.rint(samples * _FULL_SCALE).astype("<i2").tobytes()


def pcm_to_wav(data: bytes) -> bytes:
    """The samples with a WAV header before them.

    Source: RIFF, "Multimedia Programming Interface and Data Specifications 1.0" (1991).
    """
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE, _BYTES_PER_S, 2, 16)
    chunks = b"WAVE" + form + struct.pack("<4sI", b"data", len(data))
    return struct.pack("<4sI", b"RIFF", len(chunks) + len(data)) + chunks + data


def pcm_duration_s(n_bytes: int) -> float:
    """Length of so many bytes of raw samples, in seconds."""
    return n_bytes / _BYTES_PER_S
