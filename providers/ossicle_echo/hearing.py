"""What the echo hears in a clip: the text that its tones carry, or how much other audio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ossicle.errors import RequestRefusedError, UnsupportedFormatError

from .models import NAME
from .tones import read_samples

if TYPE_CHECKING:
    from ossicle.audio import AudioClip
    from ossicle.audio.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one clip says.

    Attributes:
        text: Exactly what was put in; empty when there are no tones.
        duration_s: Of the whole clip.
        other_s: Seconds of a clip without any tones; 0 when there are some.
    """

    text: str
    duration_s: float
    other_s: float


def hear(clip: AudioClip) -> Heard:
    """Read the tones of a clip.

    Raises:
        RequestRefusedError: There are tones, but not all arrived whole: no text is made up.
        UnsupportedFormatError: The clip is not 16-bit PCM.
    """
    samples, sample_rate = _decoded(clip)
    reading = read_samples(samples, sample_rate)
    duration_s = len(samples) / sample_rate
    if reading.n_lost:
        raise RequestRefusedError(
            f"tones in the audio arrived damaged: {reading.n_lost} of its packets are lost",
            provider=NAME,
            billed=False,
            fix="Send audio that went through less loss, noise or cutting.",
        )
    return Heard(
        text=reading.text or "",
        duration_s=duration_s,
        other_s=0.0 if reading.messages else duration_s,
    )


def _read(file: BinaryIO, offset: int, n_bytes: int) -> bytes:
    file.seek(offset)
    return file.read(n_bytes)


def _decoded(clip: AudioClip) -> tuple[Samples, int]:
    facts = clip.facts
    form = clip.format
    if (
        form.encoding != "pcm_s16le"
        or form.sample_rate is None
        or form.channels is None
        or facts.data_offset is None
        or facts.data_bytes is None
    ):
        raise UnsupportedFormatError(
            f"the echo does not hear {form}",
            format=str(form),
            fix="Send WAV with 16-bit PCM.",
        )
    parts = facts.parts or ((facts.data_offset, facts.data_bytes),)
    with clip.open() as file:
        data = b"".join(_read(file, *part) for part in parts)
    whole = np.frombuffer(data, "<i2", count=len(data) // 2 // form.channels * form.channels)
    samples = whole.reshape(-1, form.channels).astype(np.float32) / np.float32(32768)
    return samples, form.sample_rate
