"""`AvConverter`: the formats of the extra `av`."""

from __future__ import annotations

from typing import BinaryIO

from ossicle.abc import FormatConverter
from ossicle.audio import AudioClip, AudioFormat, BlockStream


class AvConverter(FormatConverter):
    """Reads and writes with FFmpeg through PyAV, in constant memory.

    Only the demuxer and the decoders that the sniffed format calls for are let near the bytes;
    nothing that a file names is opened. Damaged packets are left out; when more are damaged than
    intact, decoding ends in an error.
    """

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples of a clip, as blocks of at most 65,536 frames.

        Raises:
            MalformedAudioError: The bytes do not decode.
            UnsupportedFormatError: A variant that is not admitted.
            DependencyMissingError: PyAV is not installed.
        """
        from ossicle_av.reading import Reading

        return Reading(clip).stream()

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Write all blocks to a sink, which has to be seekable for MP4 only.

        Raises:
            UnsupportedFormatError: The combination cannot be written.
            FileAccessError: The sink cannot be written.
            DependencyMissingError: PyAV is not installed.
        """
        from ossicle_av.writing import write_blocks

        write_blocks(stream, target, sink)
