"""Matroska and WebM: the first audio track; the length where the file tells it.

Source: RFC 8794 (EBML) sections 4 to 6, RFC 9559 (Matroska) section 5.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ossicle.audio.containers.header import checked_format, float_encoding, integer_encoding
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import AudioFormat
from ossicle.errors import MalformedAudioError

_EBML, _DOC_TYPE, _SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
_INFO, _TIMESTAMP_SCALE, _DURATION = 0x1549A966, 0x2AD7B1, 0x4489
_TRACKS, _ENTRY, _TRACK_TYPE, _CODEC_ID = 0x1654AE6B, 0xAE, 0x83, 0x86
_AUDIO, _RATE, _CHANNELS, _BIT_DEPTH = 0xE1, 0xB5, 0x9F, 0x6264
_CLUSTER = 0x1F43B675
_IS_AUDIO = 2
_MAX_ELEMENTS = 2048
_CODECS = {
    "A_OPUS": "opus", "A_VORBIS": "vorbis", "A_FLAC": "flac", "A_ALAC": "alac",
    "A_MPEG/L3": "mp3", "A_MPEG/L2": "mp2", "A_AC3": "ac3", "A_EAC3": "eac3", "A_AAC": "aac",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One EBML element; `end` is `None` where its size is unknown."""

    id: int
    body: int
    end: int | None


def matches(head: bytes) -> bool:
    """Whether these first 4 bytes open an EBML file."""
    return head[:4] == b"\x1aE\xdf\xa3"


def elements(source: Source, start: int, end: int) -> Iterator[Element]:
    """The elements between two offsets, in order; stops at one of unknown size or at nonsense."""
    offset = start
    for _ in range(_MAX_ELEMENTS):
        if offset >= end:
            return
        header = source.at(offset, 12)
        id_size = 9 - header[0].bit_length() if header else 9
        if id_size > 4 or len(header) <= id_size:
            return
        width = 9 - header[id_size].bit_length()
        body = offset + id_size + width
        if width > 8 or len(header) < id_size + width:
            return
        size = int.from_bytes(header[id_size : id_size + width], "big") & ((1 << 7 * width) - 1)
        is_unknown = size == (1 << 7 * width) - 1
        yield Element(
            id=int.from_bytes(header[:id_size], "big"),
            body=body,
            end=None if is_unknown else body + size,
        )
        if is_unknown:
            return
        offset = body + size


def read_facts(source: Source) -> AudioFacts:
    """What comes before the first cluster; live recordings have no duration, and then neither we.

    Raises:
        MalformedAudioError: It is neither Matroska nor WebM, has no audio track, or is cut off.
    """
    top = elements(source, source.start, source.n_bytes)
    header = next(top, None)
    if header is None or header.end is None or not _is_known(source, header):
        raise MalformedAudioError(
            "an EBML file, but neither Matroska nor WebM",
            format="matroska",
            fix="Give an audio file.",
        )
    segment = next((element for element in top if element.id == _SEGMENT), None)
    if segment is None:
        raise MalformedAudioError(
            "the Matroska file ends after its header", format="matroska", fix="Get it again."
        )
    end = source.n_bytes if segment.end is None else min(segment.end, source.n_bytes)
    form: AudioFormat | None = None
    duration_s: float | None = None
    data_offset: int | None = None
    for element in elements(source, segment.body, end):
        inner_end = end if element.end is None else min(element.end, end)
        if element.id == _INFO:
            duration_s = _duration(source, element.body, inner_end)
        elif element.id == _TRACKS and form is None:
            form = _audio_format(source, element.body, inner_end)
        elif element.id == _CLUSTER:
            data_offset = element.body
            if form is not None:
                break
    if form is None:
        raise MalformedAudioError(
            "the Matroska file has no audio track", format="matroska", fix="Give a file with sound."
        )
    is_cut = segment.end is not None and segment.end > source.n_bytes
    if is_cut and duration_s is not None and segment.end is not None:
        duration_s *= (source.n_bytes - segment.body) / max(segment.end - segment.body, 1)
    return AudioFacts(
        format=form,
        n_bytes=source.n_bytes,
        duration_s=duration_s,
        is_estimate=is_cut and duration_s is not None,
        data_offset=data_offset,
        notes=("truncated",) if is_cut else (),
    )


def _is_known(source: Source, header: Element) -> bool:
    if header.id != _EBML or header.end is None:
        return False
    for element in elements(source, header.body, min(header.end, source.n_bytes)):
        if element.id == _DOC_TYPE and element.end is not None:
            name = source.at(element.body, min(element.end - element.body, 16))
            return name.rstrip(b"\x00") in (b"matroska", b"webm")
    return False


def _number(source: Source, element: Element) -> int:
    size = 0 if element.end is None else min(element.end - element.body, 8)
    return int.from_bytes(source.at(element.body, size), "big")


def _float(source: Source, element: Element) -> float:
    size = 0 if element.end is None else element.end - element.body
    data = source.at(element.body, min(size, 8))
    if len(data) != size or size not in (4, 8):
        return math.nan
    return float(struct.unpack(">f" if size == 4 else ">d", data)[0])


def _duration(source: Source, start: int, end: int) -> float | None:
    scale, ticks = 1_000_000, math.nan
    for element in elements(source, start, end):
        if element.id == _TIMESTAMP_SCALE:
            scale = _number(source, element)
        elif element.id == _DURATION:
            ticks = _float(source, element)
    seconds = ticks * scale / 1e9
    # Beyond a century it is no claim but garbage.
    return seconds if 0 < seconds < 3.2e9 else None


def _audio_format(source: Source, start: int, end: int) -> AudioFormat | None:
    for entry in elements(source, start, end):
        if entry.id != _ENTRY or entry.end is None:
            continue
        kind, codec = 0, ""
        # The defaults of RFC 9559 for what an Audio element leaves out.
        rate, channels, bits = 8000.0, 1, 16
        for element in elements(source, entry.body, min(entry.end, end)):
            if element.id == _TRACK_TYPE:
                kind = _number(source, element)
            elif element.id == _CODEC_ID and element.end is not None:
                data = source.at(element.body, min(element.end - element.body, 32))
                codec = data.rstrip(b"\x00").decode("ascii", "replace")
            elif element.id == _AUDIO and element.end is not None:
                for value in elements(source, element.body, min(element.end, end)):
                    if value.id == _RATE:
                        rate = _float(source, value)
                    elif value.id == _CHANNELS:
                        channels = _number(source, value)
                    elif value.id == _BIT_DEPTH:
                        bits = _number(source, value)
        if kind == _IS_AUDIO:
            return _format(codec, rate, channels, bits)
    return None


def _format(codec: str, rate: float, channels: int, bits: int) -> AudioFormat:
    sample_rate = round(rate) if math.isfinite(rate) and 0 < rate < 1e9 else 0
    encoding = _CODECS.get(codec) or _CODECS.get(codec.partition("/")[0])
    if codec.startswith("A_PCM/INT"):
        encoding = integer_encoding(bits // 8, big_endian=codec.endswith("BIG"), unsigned_8=True)
    elif codec.startswith("A_PCM/FLOAT"):
        encoding = float_encoding(bits // 8, big_endian=False)
    return checked_format(
        "matroska",
        encoding or "unknown",
        # Opus always decodes at 48 kHz, whatever rate the track names.
        sample_rate=48_000 if encoding == "opus" else sample_rate,
        channels=channels,
    )
