"""What is said does not change with what is not said."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal

import numpy as np

from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle.intake import PCM_SPEC
from ossicle.words import normal_words


def silence_keeps_words(
    transcribe: Callable[[AudioClip], str],
    clip: AudioClip,
    *,
    silence_s: float = 1.0,
    where: Literal["after", "before", "around"] = "after",
) -> None:
    """The transcript of a clip has the same words with silence at its ends.

    Args:
        transcribe: Returns what is said, such as `lambda clip: client.transcribe(clip).text`.
        clip: Speech.
        silence_s: Seconds of digital silence.
        where: It is put.

    Raises:
        AssertionError: The words are others; it says how many there are, and which differs.
    """
    expected = normal_words(transcribe(clip))
    found = normal_words(transcribe(with_silence(clip, silence_s=silence_s, where=where)))
    if found != expected:
        pairs = zip(found, expected, strict=False)
        first = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
        first = min(len(found), len(expected)) if first is None else first
        raise AssertionError(
            f"{silence_s} s of silence {where} the speech made {len(found)} words of "
            f"{len(expected)}; they differ from word {first} on"
        )


def with_silence(
    clip: AudioClip,
    *,
    silence_s: float,
    where: Literal["after", "before", "around"] = "after",
) -> AudioClip:
    """The clip as a WAV of 16 bits, with digital silence at one end or both."""
    pcm = clip.to_pcm()
    gap = np.zeros((round(silence_s * pcm.sample_rate), pcm.channels), np.float32)
    parts = {
        "after": [pcm.samples, gap],
        "before": [gap, pcm.samples],
        "around": [gap, pcm.samples, gap],
    }
    joined = Pcm(samples=np.concatenate(parts[where]), sample_rate=pcm.sample_rate)
    target = AudioFormat.named("wav", sample_rate=pcm.sample_rate, channels=pcm.channels)
    sink = io.BytesIO()
    PCM_SPEC.factory().encode(joined.stream(), target, sink)
    return AudioClip.from_bytes(sink.getvalue())
