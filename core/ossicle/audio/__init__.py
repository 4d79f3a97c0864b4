"""Encoded and decoded audio as values; the lowest room but the errors."""

from typing import TYPE_CHECKING

from ossicle.audio.sniff import sniff

if TYPE_CHECKING:
    from ossicle.audio.clip import AudioClip
    from ossicle.audio.facts import AudioFacts, Hole, Track
    from ossicle.audio.file_objects import read_to_end
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
    from ossicle.audio.saving import atomic_writer, format_of_path
    from ossicle.audio.wav import repair_wav, wav_header
    from ossicle.audio.waveform_overview import OutlineMeter
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "clip": "AudioClip",
            "facts": "AudioFacts Hole Track",
            "format": (
                "OUTPUT_FORMATS SAMPLE_WIDTHS AudioFormat Container OutputFormat SampleFormat"
            ),
            "pcm": "BLOCK_FRAMES BlockStream Pcm",
            "raw_format": "parse_input_format",
            "saving": ("atomic_writer format_of_path"),
            "wav": "wav_header repair_wav",
            "file_objects": "read_to_end",
            "waveform_overview": "OutlineMeter",
        },
    )

__all__ = [
    "BLOCK_FRAMES",
    "OUTPUT_FORMATS",
    "SAMPLE_WIDTHS",
    "AudioClip",
    "AudioFacts",
    "AudioFormat",
    "BlockStream",
    "Container",
    "Hole",
    "OutlineMeter",
    "OutputFormat",
    "Pcm",
    "SampleFormat",
    "Track",
    "atomic_writer",
    "format_of_path",
    "parse_input_format",
    "read_to_end",
    "repair_wav",
    "sniff",
    "wav_header",
]
