"""The audio sample entry of an MP4: which codec, which rate, how many channels.

Source: ISO/IEC 14496-12 section 12.2.3; Apple "QuickTime File Format", sound sample
descriptions versions 0 to 2; ISO/IEC 14496-1 section 7.2.6 (`esds`) and 14496-3 section 1.6.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ossicle.audio.containers.adts import CHANNELS, SAMPLE_RATES
from ossicle.audio.containers.header import float_encoding, integer_encoding
from ossicle.audio.containers.mp4_box import Box, boxes
from ossicle.audio.containers.source import Source
from ossicle.errors import MalformedAudioError

_ENCODINGS = {
    b"alac": "alac", b"Opus": "opus", b"fLaC": "flac", b"ac-3": "ac3", b"ec-3": "eac3",
    b"samr": "amr_nb", b"sawb": "amr_wb", b".mp3": "mp3", b"ulaw": "mulaw", b"alaw": "alaw",
    b"twos": "pcm_s16be", b"sowt": "pcm_s16le", b"in24": "pcm_s24be", b"in32": "pcm_s32be",
    b"fl32": "pcm_f32be", b"fl64": "pcm_f64be", b"raw ": "pcm_u8", b"ima4": "ima_adpcm",
    b"agsm": "gsm", b"dtsc": "dts", b"mlpa": "truehd",
    b"ms\x00\x11": "ima_adpcm", b"ms\x00\x02": "ms_adpcm", b"ms\x00\x55": "mp3",
}  # fmt: skip
_OBJECT_TYPES = {0x40: "aac", 0x66: "aac", 0x67: "aac", 0x68: "aac", 0x69: "mp3", 0x6B: "mp3",
                 0xDD: "vorbis", 0xAD: "opus", 0xA5: "ac3", 0xA6: "eac3"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleEntry:
    """The first sample entry of an audio track, unchecked; a rate of 0 means it says none."""

    encoding: str
    sample_rate: int
    channels: int
    bit_depth: int | None = None


def read_entry(source: Source, table: Box) -> SampleEntry:
    """The first entry of an `stsd` box.

    Raises:
        MalformedAudioError: It is missing or cut off.
    """
    box = next(boxes(source, table.body + 8, min(table.end, source.n_bytes)), None)
    if box is None:
        raise MalformedAudioError(
            "the MP4 does not say how its audio is encoded", format="mp4", fix="Export it again."
        )
    version, channels, bits, rate = source.fields(">8xH6xHH4xI", box.body)
    entry = SampleEntry(
        encoding=_ENCODINGS.get(box.kind, "unknown"),
        sample_rate=rate >> 16,
        channels=channels,
        bit_depth=bits if box.kind in (b"alac", b"fLaC") else None,
    )
    children = box.body + 28 + {1: 16, 2: 36}.get(version, 0)
    if version == 2:
        entry = _version_2(source, box, entry)
    end = min(box.end, source.n_bytes)
    if box.kind == b"mp4a":
        return _mpeg4(source, children, end, entry)
    if box.kind == b"alac":
        return _alac(source, children, end, entry)
    if box.kind in (b"ipcm", b"fpcm"):
        return _iso_pcm(source, children, end, entry, is_float=box.kind == b"fpcm")
    if box.kind in (b"sowt", b"twos"):
        name = integer_encoding(bits // 8, big_endian=box.kind == b"twos")
        return replace(entry, encoding=name or "unknown")
    return replace(entry, sample_rate=48_000) if box.kind == b"Opus" else entry


def _iso_pcm(
    source: Source, start: int, end: int, entry: SampleEntry, *, is_float: bool
) -> SampleEntry:
    """By the `pcmC` box (ISO/IEC 23003-5 section 5)."""
    for box in boxes(source, start, end):
        if box.kind == b"pcmC":
            flags, bits = source.fields(">4xBB", box.body)
            name = float_encoding if is_float else integer_encoding
            encoding = name(bits // 8, big_endian=not flags & 1)
            return replace(entry, encoding=encoding or "unknown")
    return entry


def _version_2(source: Source, box: Box, entry: SampleEntry) -> SampleEntry:
    rate, channels, bits, flags = source.fields(">dI4xII", box.body + 32)
    sample_rate = round(rate) if math.isfinite(rate) and 0 < rate < 1e9 else 0
    entry = replace(entry, sample_rate=sample_rate, channels=channels)
    if box.kind != b"lpcm":
        return entry
    name = float_encoding if flags & 1 else integer_encoding
    return replace(entry, encoding=name(bits // 8, big_endian=bool(flags & 2)) or "unknown")


def _mpeg4(source: Source, start: int, end: int, entry: SampleEntry) -> SampleEntry:
    """By the elementary stream descriptor, also where QuickTime wraps it in a `wave` box."""
    for box in boxes(source, start, end):
        if box.kind == b"wave":
            return _mpeg4(source, box.body, min(box.end, end), entry)
        if box.kind == b"esds":
            data = source.at(box.body + 4, min(box.end - box.body - 4, 128))
            return _descriptor(data, entry)
    return replace(entry, encoding="aac")


def _descriptor(data: bytes, entry: SampleEntry) -> SampleEntry:
    """ES descriptor (3) → decoder configuration (4) → decoder specific information (5)."""
    encoding = "aac"
    position = 0
    for _ in range(8):
        if position >= len(data):
            break
        tag = data[position]
        position = _skip_length(data, position + 1)
        if tag == 3 and position + 2 < len(data):
            flags = data[position + 2]
            position += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
            if flags & 0x40 and position < len(data):
                position += 1 + data[position]
        elif tag == 4 and position < len(data):
            encoding = _OBJECT_TYPES.get(data[position], "unknown")
            position += 13
        elif tag == 5:
            entry = audio_specific(data[position : position + 8], entry)
            break
        else:
            break
    return replace(entry, encoding=encoding)


def _skip_length(data: bytes, position: int) -> int:
    for _ in range(4):
        if position >= len(data) or not data[position] & 0x80:
            break
        position += 1
    return position + 1


def audio_specific(data: bytes, entry: SampleEntry) -> SampleEntry:
    """AAC's own rate and channels; the sample entry's are often only a template's."""
    if len(data) < 2:
        return entry
    bits = int.from_bytes(data.ljust(8, b"\x00"), "big")
    kind = bits >> 59
    rate_index = bits >> 55 & 15
    if kind == 31 or rate_index == 13 or rate_index == 14:
        return entry
    if rate_index == 15:
        sample_rate, channel_index = bits >> 31 & 0xFFFFFF, bits >> 27 & 15
    else:
        sample_rate, channel_index = SAMPLE_RATES[rate_index], bits >> 51 & 15
    if kind in (5, 29):
        # Spectral band replication: the entry's rate is the one heard.
        sample_rate = entry.sample_rate or sample_rate
    channels = CHANNELS[channel_index] if channel_index < len(CHANNELS) else 0
    if kind == 29:
        channels = 2  # parametric stereo
    return replace(entry, sample_rate=sample_rate, channels=channels or entry.channels)


def _alac(source: Source, start: int, end: int, entry: SampleEntry) -> SampleEntry:
    """By the magic cookie (Apple Lossless "ALACSpecificConfig")."""
    for box in boxes(source, start, end):
        if box.kind == b"wave":
            return _alac(source, box.body, min(box.end, end), entry)
        if box.kind == b"alac" and box.end - box.body >= 28:
            bits, channels, rate = source.fields(">5xB3xB10xI", box.body + 4)
            return replace(entry, sample_rate=rate, channels=channels, bit_depth=bits or None)
    return entry
