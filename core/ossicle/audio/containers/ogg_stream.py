"""The first packet of a logical Ogg stream: which codec, which rate, how many channels."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ossicle.audio.containers.flac import read_stream_info
from ossicle.audio.containers.header import checked_format
from ossicle.audio.format import AudioFormat
from ossicle.errors import MalformedAudioError

OPUS_CLOCK = 48_000
"""Granule positions of Opus count at this rate, whatever the input was (RFC 7845 section 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OggStream:
    """What a codec's identification header says.

    Attributes:
        format: Container, encoding, rate and channels.
        clock: Granule positions per second.
        pre_skip: Frames that a decoder throws away at the start.
        longest_packet: Most frames that one packet can stand for.
        bit_depth: For FLAC, else `None`.
    """

    format: AudioFormat
    clock: int
    pre_skip: int
    longest_packet: int
    bit_depth: int | None = None


def read_stream(packet: bytes) -> OggStream | None:
    """The stream that this first packet opens; `None` for video, text and unknown codecs.

    Raises:
        MalformedAudioError: An audio codec's header is cut off or impossible.
    """
    if packet.startswith(b"OpusHead"):
        return _opus(packet)
    if packet.startswith(b"\x01vorbis"):
        return _vorbis(packet)
    if packet.startswith(b"\x7fFLAC"):
        return _flac(packet)
    if packet.startswith(b"Speex   "):
        return _speex(packet)
    return None


def _need(packet: bytes, size: int, codec: str) -> None:
    if len(packet) < size:
        raise MalformedAudioError(
            f"the {codec} header in Ogg has {len(packet)} of {size} bytes",
            format="ogg",
            fix="Get the file again; it was not transferred whole.",
        )


def _opus(packet: bytes) -> OggStream:
    _need(packet, 19, "Opus")
    version, channels, pre_skip = struct.unpack_from("<BBH", packet, 8)
    if version & 0xF0:
        raise MalformedAudioError(
            f"the Opus header claims version {version}", format="ogg", fix="Export it again."
        )
    form = checked_format("ogg", "opus", sample_rate=OPUS_CLOCK, channels=channels)
    return OggStream(format=form, clock=OPUS_CLOCK, pre_skip=pre_skip, longest_packet=5760)


def _vorbis(packet: bytes) -> OggStream:
    _need(packet, 30, "Vorbis")
    _, channels, sample_rate = struct.unpack_from("<IBI", packet, 7)
    form = checked_format("ogg", "vorbis", sample_rate=sample_rate, channels=channels)
    return OggStream(format=form, clock=sample_rate, pre_skip=0, longest_packet=8192)


def _flac(packet: bytes) -> OggStream:
    _need(packet, 51, "FLAC")
    info = read_stream_info(packet[17:51])
    form = checked_format("ogg", "flac", sample_rate=info.sample_rate, channels=info.channels)
    return OggStream(
        format=form,
        clock=info.sample_rate,
        pre_skip=0,
        longest_packet=1 << 16,
        bit_depth=info.bit_depth,
    )


def _speex(packet: bytes) -> OggStream:
    _need(packet, 52, "Speex")
    sample_rate, channels = struct.unpack_from("<I8xI", packet, 36)
    form = checked_format("ogg", "speex", sample_rate=sample_rate, channels=channels)
    return OggStream(format=form, clock=sample_rate, pre_skip=0, longest_packet=1 << 16)
