"""Native FLAC, and its stream description where another container carries it.

Source: RFC 9639, sections 8 (metadata) and 9 (frames).
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_STREAMINFO, _FORBIDDEN = 0, 127
_MAX_BLOCKS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """The fields of a STREAMINFO block that matter here."""

    sample_rate: int
    channels: int
    bit_depth: int
    total_frames: int | None
    max_block_frames: int

    def bounded_frames(self, n_bytes: int) -> int | None:
        """The claimed count, if that many frames can be in so many bytes at all; else `None`.

        A FLAC frame has a header of at least 6 bytes, for each channel one constant subframe,
        and a checksum of 2 bytes; it holds at most `max_block_frames`.
        """
        smallest = 6 + self.channels * (1 + self.bit_depth // 8) + 2
        possible = (n_bytes // smallest + 1) * max(self.max_block_frames, 16)
        if self.total_frames is None or self.total_frames > possible:
            return None
        return self.total_frames


def read_stream_info(data: bytes) -> StreamInfo:
    """The STREAMINFO block in 34 bytes; unchecked figures.

    Raises:
        MalformedAudioError: It is too short, or describes no audio.
    """
    if len(data) < 34:
        raise MalformedAudioError(
            f"the FLAC stream description has {len(data)} of 34 bytes",
            format="flac",
            fix="Get the file again; it was not transferred whole.",
        )
    packed = int.from_bytes(data[10:18], "big")
    bit_depth = ((packed >> 36) & 31) + 1
    if bit_depth < 4:
        raise MalformedAudioError(
            f"the FLAC header claims samples of {bit_depth} bits",
            format="flac",
            fix="Export the audio again; its header is damaged.",
        )
    return StreamInfo(
        sample_rate=packed >> 44,
        channels=((packed >> 41) & 7) + 1,
        bit_depth=bit_depth,
        total_frames=(packed & ((1 << 36) - 1)) or None,
        max_block_frames=int.from_bytes(data[2:4], "big"),
    )


def matches(head: bytes) -> bool:
    """Whether these first 4 bytes open a native FLAC stream."""
    return head[:4] == b"fLaC"


def read_facts(source: Source) -> AudioFacts:
    """What the metadata of a FLAC stream says.

    Raises:
        MalformedAudioError: The header is cut off or impossible, or nothing follows it.
    """
    offset = source.start + 4
    header = source.exactly(offset, 4)
    size = int.from_bytes(header[1:], "big")
    if header[0] & 127 != _STREAMINFO or size != 34:
        raise MalformedAudioError(
            "the FLAC stream does not begin with its description",
            format="flac",
            fix="Export the audio again; its header is damaged.",
        )
    info = read_stream_info(source.exactly(offset + 4, 34))
    form = checked_format("flac", "flac", sample_rate=info.sample_rate, channels=info.channels)
    first_frame = _skip_metadata(source, offset)
    audio_bytes = max(source.n_bytes - (first_frame or offset + 38), 0)
    frames = info.bounded_frames(audio_bytes)
    notes: tuple[str, ...] = ()
    if info.total_frames is not None and frames is None:
        notes = ("truncated",)
    if first_frame is not None and audio_bytes == 0 and info.total_frames is not None:
        raise MalformedAudioError(
            "the FLAC stream ends after its header", format="flac", fix="Get the file again."
        )
    return AudioFacts(
        format=form,
        n_bytes=source.n_bytes,
        frames=frames,
        duration_s=None if frames is None else frames / info.sample_rate,
        data_offset=first_frame,
        bit_depth=info.bit_depth,
        notes=notes,
    )


def _skip_metadata(source: Source, offset: int) -> int | None:
    """Where the first frame begins; `None` if the blocks lead nowhere."""
    for _ in range(_MAX_BLOCKS):
        header = source.at(offset, 4)
        if len(header) < 4 or header[0] & 127 == _FORBIDDEN:
            return None
        offset += 4 + int.from_bytes(header[1:], "big")
        if header[0] & 128:
            return offset if offset <= source.n_bytes else None
    return None
