"""Encoded and decoded audio as values; the lowest room but the errors."""

from ossicle.audio.clip import AudioClip
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import (
    OUTPUT_FORMATS,
    SAMPLE_WIDTHS,
    AudioFormat,
    Container,
    OutputFormat,
    SampleFormat,
)
from ossicle.audio.pcm import BLOCK_FRAMES, BlockStream, Pcm
from ossicle.audio.raw_format import parse_input_format
from ossicle.audio.saving import atomic_writer
from ossicle.audio.sniff import sniff

__all__ = [
    "BLOCK_FRAMES",
    "OUTPUT_FORMATS",
    "SAMPLE_WIDTHS",
    "AudioClip",
    "AudioFacts",
    "AudioFormat",
    "BlockStream",
    "Container",
    "OutputFormat",
    "Pcm",
    "SampleFormat",
    "atomic_writer",
    "parse_input_format",
    "sniff",
]
