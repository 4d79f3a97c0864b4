"""`SoundfileConverter`: the formats of the default install."""

from __future__ import annotations

from typing import BinaryIO, Literal

from ossicle.abc import FormatConverter
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.errors import ConfigurationError


class SoundfileConverter(FormatConverter):
    """Reads and writes with libsndfile, in constant memory, at its full speed.

    The library's MP3 decoder prints to the process's error stream when a file is damaged; nothing
    in this process can stop that without touching other threads' output. Damaged MP3 is decoded
    as far as its frames are intact.

    Args:
        flac_bit_depth: Of the FLAC that it writes.
    """

    def __init__(self, *, flac_bit_depth: Literal[16, 24] = 16) -> None:
        if flac_bit_depth not in (16, 24):
            raise ConfigurationError(
                f"flac_bit_depth of {flac_bit_depth} is not offered", fix="Use 16 or 24."
            )
        self._flac_bit_depth = flac_bit_depth

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples of a clip, as blocks of at most 65,536 frames.

        Raises:
            MalformedAudioError: The bytes do not decode.
            UnsupportedFormatError: A variant that libsndfile does not read.
            DependencyMissingError: soundfile is not installed.
        """
        from ossicle_soundfile.reading import Reading

        return Reading(clip).stream()

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Write all blocks to a seekable sink; MP3 and Opus at constant or constrained bit rates.

        Raises:
            UnsupportedFormatError: The combination cannot be written.
            FileAccessError: The sink cannot be written.
            DependencyMissingError: soundfile is not installed.
        """
        from ossicle_soundfile.writing import write_blocks

        write_blocks(stream, target, sink, flac_bit_depth=self._flac_bit_depth)
