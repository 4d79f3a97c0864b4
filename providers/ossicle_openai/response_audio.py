"""The audio formats of the vendor's wire. Pure."""

from __future__ import annotations

from ossicle.audio import AudioFormat

PCM16 = AudioFormat.pcm(sample_rate=24_000)
"""OpenAI's raw samples carry no header. Source: "Text to speech" guide, read 2026-11-22."""

_WIRE_NAMES = {"raw": "pcm16", "wav": "wav", "mp3": "mp3", "flac": "flac", "ogg": "opus",
               "adts": "aac"}  # fmt: skip


def wire_format(form: AudioFormat) -> str:
    """The name of a format in the chat dialect."""
    return _WIRE_NAMES.get(form.container, form.container)


def streamed_format(asked: AudioFormat) -> AudioFormat:
    """What a stream's samples are: as asked, or the vendor's own."""
    return asked if asked.container == "raw" else PCM16
