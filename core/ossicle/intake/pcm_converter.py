"""The core's own converter: plain samples, no native library. `plugin` announces it."""

from __future__ import annotations

from typing import BinaryIO

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter
from ossicle.audio import AudioClip, AudioFormat, BlockStream

_INTEGERS = ("pcm_s16le", "pcm_s24le", "pcm_s32le")
_LITTLE = (*_INTEGERS, "pcm_f32le", "pcm_f64le")
_BIG = ("pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be")
_LAWS = ("mulaw", "alaw")
_READS = {
    "raw": ("pcm_u8", "pcm_s8", *_LITTLE, *_BIG, *_LAWS),
    "wav": ("pcm_u8", *_LITTLE, *_BIG, *_LAWS),
    "w64": ("pcm_u8", *_LITTLE, *_LAWS),
    "aiff": ("pcm_u8", "pcm_s8", *_INTEGERS, *_BIG, *_LAWS),
    "au": ("pcm_s8", *_LITTLE, *_BIG, *_LAWS),
    "sphere": (
        "pcm_s8",
        "pcm_s16le",
        "pcm_s24le",
        "pcm_s32le",
        "pcm_s16be",
        "pcm_s24be",
        "pcm_s32be",
        *_LAWS,
    ),
    "caf": ("pcm_s8", *_LITTLE, *_BIG, *_LAWS),
}
_WRITES = ("pcm_u8", *_LITTLE, *_LAWS)


class PcmConverter(FormatConverter):
    """Reads and writes uncompressed samples in numpy alone."""

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples of a clip; see `ossicle.intake.pcm_reader.read_pcm`."""
        from ossicle.intake.pcm_reader import read_pcm

        return read_pcm(clip)

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Write a stream; see `ossicle.intake.pcm_writer.write_pcm`."""
        from ossicle.intake.pcm_writer import write_pcm

        write_pcm(stream, target, sink)


PCM_SPEC = ConverterSpec(
    name="pcm",
    summary="Uncompressed samples, mu-law and A-law: raw, WAV, Wave64, AIFF, AU, CAF, SPHERE",
    factory=PcmConverter,
    # CPU milliseconds per minute of 24 kHz mono, as for every converter.
    reads=tuple(
        CodecRule(container=container, encodings=encodings, cost=2.0)
        for container, encodings in _READS.items()
    ),
    writes=(
        CodecRule(container="wav", encodings=_WRITES, cost=1.9, is_incremental=True),
        CodecRule(
            container="raw",
            encodings=(*_WRITES, "pcm_s8", "pcm_s16be"),
            cost=1.9,
            is_incremental=True,
        ),
    ),
)
"""The converter of uncompressed samples, which every host has."""
