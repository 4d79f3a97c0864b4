"""Recordings for the examples: words as the echo provider says them, and what is no use."""

from __future__ import annotations

from pathlib import Path

from ossicle import Client

DATA = Path(__file__).parents[1] / "data"
SPEECH_M4A = DATA / "m4a-moov-last-edit-list.m4a"


def spoken(text: str, output_format: str = "wav") -> bytes:
    """A recording that says the text, in tones."""
    with Client("echo") as client:
        audio = client.speak(text, output_format=output_format).audio
    assert audio is not None
    return audio.read_bytes()


def silence(seconds: float = 1.0) -> bytes:
    """A WAV in which nobody speaks."""
    from ossicle.audio import AudioFormat
    from ossicle.audio.wav import wav_header

    frames = int(seconds * 16_000)
    return wav_header(AudioFormat.pcm(sample_rate=16_000), frames) + bytes(2 * frames)


def heard(data: bytes) -> str:
    """What a recording says."""
    with Client("echo") as client:
        return client.transcribe(data).text
