"""Apple Core Audio Format.

Source: Apple, "Apple Core Audio Format Specification 1.0".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ossicle.audio.containers.header import (
    checked_format,
    float_encoding,
    integer_encoding,
    is_fixed_width,
    pcm_facts,
)
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import AudioFormat
from ossicle.errors import MalformedAudioError

_IS_FLOAT, _IS_LITTLE_ENDIAN = 1, 2
_ENCODINGS = {
    b"alac": "alac", b"ulaw": "mulaw", b"alaw": "alaw", b"ima4": "ima_adpcm", b"aac ": "aac",
    b"opus": "opus", b".mp3": "mp3", b".mp2": "mp2", b"flac": "flac", b"ac-3": "ac3",
    b"samr": "amr_nb", b"sawb": "amr_wb",
}  # fmt: skip


def matches(head: bytes) -> bool:
    """Whether these first 8 bytes open a CAF file of version 1."""
    return head[:6] == b"caff\x00\x01"


@dataclass(slots=True)
class _Chunks:
    format: AudioFormat | None = None
    bit_depth: int = 0
    bytes_per_packet: int = 0
    frames_per_packet: int = 0
    data_offset: int | None = None
    data_size: int = 0
    packet_table: tuple[int, int] | None = None


def read_facts(source: Source) -> AudioFacts:
    """What the header of a CAF file says; the packet table's count of frames is bounded.

    Raises:
        MalformedAudioError: The header is cut off or impossible.
    """
    chunks = _Chunks()
    offset = source.start + 8
    while len(header := source.at(offset, 12)) == 12:
        name, size = header[:4], int.from_bytes(header[4:], "big", signed=True)
        body = offset + 12
        if name == b"desc":
            _read_description(source, body, chunks)
        elif name == b"pakt" and size >= 24:
            packets, valid_frames = source.fields(">qq", body)
            chunks.packet_table = (packets, valid_frames)
        elif name == b"data" and chunks.data_offset is None:
            # Four bytes of an edit counter come before the samples.
            chunks.data_offset, chunks.data_size = body + 4, size - 4 if size >= 0 else size
        if size < 0:
            break
        offset = body + size
    if chunks.format is None or chunks.data_offset is None:
        missing = "desc" if chunks.format is None else "data"
        raise MalformedAudioError(
            f"the CAF file has no {missing} chunk", format="caf", fix="Get the file again."
        )
    return _facts(source, chunks, chunks.format, chunks.data_offset)


def _read_description(source: Source, body: int, chunks: _Chunks) -> None:
    rate, kind, flags, per_packet, frames, channels, bits = source.fields(">d4sIIIII", body)
    sample_rate = round(rate) if math.isfinite(rate) and 0 < rate < 1e9 else 0
    if kind == b"lpcm":
        width = per_packet // channels if channels else 0
        big_endian = not flags & _IS_LITTLE_ENDIAN
        name = float_encoding if flags & _IS_FLOAT else integer_encoding
        encoding = name(width, big_endian=big_endian) or "unknown"
    else:
        encoding = _ENCODINGS.get(kind, "unknown")
    chunks.format = checked_format("caf", encoding, sample_rate=sample_rate, channels=channels)
    chunks.bit_depth = bits if 0 < bits <= 64 else 0
    if kind == b"alac":
        # Apple Lossless says it in the flags: 1 to 4 stand for these.
        chunks.bit_depth = {1: 16, 2: 20, 3: 24, 4: 32}.get(flags, 0)
    chunks.bytes_per_packet, chunks.frames_per_packet = per_packet, frames


def _facts(source: Source, chunks: _Chunks, form: AudioFormat, data_offset: int) -> AudioFacts:
    available = max(source.n_bytes - data_offset, 0)
    size = chunks.data_size
    notes: tuple[str, ...] = ()
    if size < 0:
        size, notes = available, ("sizes_unknown",)
    elif size > available:
        size, notes = available, ("truncated",)
    elif size + size % 2 < available:  # libsndfile fills an odd length up by one byte
        notes = ("trailing_bytes",)
    if is_fixed_width(form.encoding):
        return pcm_facts(
            form,
            n_bytes=source.n_bytes,
            data_offset=data_offset,
            data_bytes=size,
            bit_depth=chunks.bit_depth or None,
            notes=notes,
        )
    frames = _packet_frames(chunks, size)
    if notes not in ((), ("trailing_bytes",)):
        frames = None
    return AudioFacts(
        format=form,
        n_bytes=source.n_bytes,
        # No count of frames: writers disagree on whether the last packet is counted whole.
        duration_s=None if frames is None else frames / (form.sample_rate or 1),
        data_offset=data_offset,
        data_bytes=size,
        bit_depth=chunks.bit_depth or None,
        notes=notes,
    )


def _packet_frames(chunks: _Chunks, size: int) -> int | None:
    """Frames by the packet table, or by packets of a constant size; `None` if neither tells."""
    per_packet = chunks.frames_per_packet
    if chunks.packet_table is not None:
        packets, valid_frames = chunks.packet_table
        # A packet has at least one byte and at most 1 << 16 frames (Apple Lossless: 4096).
        if 0 <= packets <= size and 0 <= valid_frames <= packets * min(
            per_packet or 1 << 16, 1 << 16
        ):
            return valid_frames
        return None
    if chunks.bytes_per_packet and 0 < per_packet <= 1 << 16:
        return size // chunks.bytes_per_packet * per_packet
    return None
