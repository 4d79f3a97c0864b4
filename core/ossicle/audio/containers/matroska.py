"""Matroska and WebM: the audio tracks, where they begin, and the length where it is told.

Source: RFC 8794 (EBML) sections 4 to 6, RFC 9559 (Matroska) section 5.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ossicle.audio.containers.header import float_encoding, integer_encoding
from ossicle.audio.containers.source import Source
from ossicle.audio.containers.tracks import chosen, lenient_format, with_tracks
from ossicle.audio.containers.wave_format import read_wave_format
from ossicle.audio.facts import AudioFacts, Track
from ossicle.audio.format import AudioFormat
from ossicle.errors import MalformedAudioError

_EBML, _DOC_TYPE, _SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
_INFO, _TIMESTAMP_SCALE, _DURATION = 0x1549A966, 0x2AD7B1, 0x4489
_TRACKS, _ENTRY, _TRACK_TYPE, _CODEC_ID = 0x1654AE6B, 0xAE, 0x83, 0x86
_AUDIO, _RATE, _CHANNELS, _BIT_DEPTH = 0xE1, 0xB5, 0x9F, 0x6264
_TRACK_NUMBER, _NAME, _LANGUAGE, _LANGUAGE_BCP47 = 0xD7, 0x536E, 0x22B59C, 0x22B59D
_CODEC_PRIVATE = 0x63A2
_CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK = 0x1F43B675, 0xE7, 0xA3
_BLOCK_GROUP, _BLOCK = 0xA0, 0xA1
_IS_AUDIO = 2
_MAX_ELEMENTS = 2048
_MAX_TRACKS = 64
_MAX_FIRST_BLOCKS = 512
_CODECS = {
    "A_OPUS": "opus", "A_VORBIS": "vorbis", "A_FLAC": "flac", "A_ALAC": "alac",
    "A_MPEG/L3": "mp3", "A_MPEG/L2": "mp2", "A_MPEG/L1": "mp1", "A_AC3": "ac3",
    "A_EAC3": "eac3", "A_AAC": "aac", "A_DTS": "dts", "A_TRUEHD": "truehd", "A_MLP": "mlp",
    "A_WAVPACK4": "wavpack", "A_TTA1": "tta",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One EBML element; `end` is `None` where its size is unknown."""

    id: int
    body: int
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An audio track and the number that its blocks carry."""

    number: int
    track: Track


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
    found: list[_Entry] = []
    duration_s: float | None = None
    scale_s = 1e-3
    clusters: list[int] = []
    for element in elements(source, segment.body, end):
        inner_end = end if element.end is None else min(element.end, end)
        if element.id == _INFO:
            duration_s, scale_s = _duration(source, element.body, inner_end)
        elif element.id == _TRACKS and not found:
            found = list(itertools.islice(_entries(source, element.body, inner_end), _MAX_TRACKS))
        elif element.id == _CLUSTER:
            clusters.append(element.body)
            if found:
                break
    if not found:
        raise MalformedAudioError(
            "the Matroska file has no audio track", format="matroska", fix="Give a file with audio."
        )
    is_cut = segment.end is not None and segment.end > source.n_bytes
    if is_cut and duration_s is not None and segment.end is not None:
        duration_s *= (source.n_bytes - segment.body) / max(segment.end - segment.body, 1)
    numbers = [entry.number for entry in found]
    starts = first_times(source, clusters[0], end, numbers) if clusters else {}
    tracks = [
        replace(entry.track, number=number, start_s=starts.get(entry.number, 0) * scale_s)
        for number, entry in enumerate(found, start=1)
    ]
    wanted = chosen(source, tracks)
    if duration_s is not None and not is_cut and duration_s > wanted.start_s:
        duration_s -= wanted.start_s  # the header's is where the last track ends
    facts = AudioFacts(
        format=wanted.format,
        n_bytes=source.n_bytes,
        duration_s=duration_s,
        is_estimate=is_cut and duration_s is not None,
        data_offset=clusters[0] if clusters else None,
        notes=("truncated",) if is_cut else (),
    )
    return with_tracks(facts, wanted, tracks)


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


def _duration(source: Source, start: int, end: int) -> tuple[float | None, float]:
    """Seconds of the whole, if they are told, and seconds of a tick."""
    scale, ticks = 1_000_000, math.nan
    for element in elements(source, start, end):
        if element.id == _TIMESTAMP_SCALE:
            scale = _number(source, element)
        elif element.id == _DURATION:
            ticks = _float(source, element)
    seconds = ticks * scale / 1e9
    # Beyond a century it is no claim but garbage.
    return seconds if 0 < seconds < 3.2e9 else None, scale / 1e9


def _entries(source: Source, start: int, end: int) -> Iterator[_Entry]:
    for entry in elements(source, start, end):
        if entry.id != _ENTRY or entry.end is None:
            continue
        kind = number = 0
        codec, name, language = "", "", "eng"  # the default of RFC 9559 section 5.1.4.1.19
        private = b""
        # The defaults of RFC 9559 for what an Audio element leaves out.
        rate, channels, bits = 8000.0, 1, 16
        for element in elements(source, entry.body, min(entry.end, end)):
            if element.id == _TRACK_TYPE:
                kind = _number(source, element)
            elif element.id == _TRACK_NUMBER:
                number = _number(source, element)
            elif element.id == _CODEC_ID:
                codec = _text(source, element, 32)
            elif element.id == _NAME:
                name = _text(source, element, 64)
            elif element.id in (_LANGUAGE, _LANGUAGE_BCP47):
                language = _text(source, element, 16)
            elif element.id == _CODEC_PRIVATE and element.end is not None:
                private = source.at(element.body, min(element.end - element.body, 64))
            elif element.id == _AUDIO and element.end is not None:
                for value in elements(source, element.body, min(element.end, end)):
                    if value.id == _RATE:
                        rate = _float(source, value)
                    elif value.id == _CHANNELS:
                        channels = _number(source, value)
                    elif value.id == _BIT_DEPTH:
                        bits = _number(source, value)
        if kind == _IS_AUDIO:
            track = Track(
                number=1,
                format=_format(codec, rate, channels, bits, private),
                language=None if language in ("", "und") else language,
                name=name or None,
            )
            yield _Entry(number=number, track=track)


def _text(source: Source, element: Element, most: int) -> str:
    if element.end is None:
        return ""
    data = source.at(element.body, min(element.end - element.body, most))
    return data.rstrip(b"\x00").decode("utf-8", "replace")


def _format(codec: str, rate: float, channels: int, bits: int, private: bytes) -> AudioFormat:
    sample_rate = round(rate) if math.isfinite(rate) and 0 < rate < 1e9 else 0
    encoding = _CODECS.get(codec) or _CODECS.get(codec.partition("/")[0])
    if codec.startswith("A_PCM/INT"):
        encoding = integer_encoding(bits // 8, big_endian=codec.endswith("BIG"), unsigned_8=True)
    elif codec.startswith("A_PCM/FLOAT"):
        encoding = float_encoding(bits // 8, big_endian=False)
    elif codec == "A_MS/ACM" and len(private) >= 16:
        with contextlib.suppress(MalformedAudioError):
            encoding = read_wave_format(private, container="matroska").format.encoding
    return lenient_format(
        "matroska",
        encoding or "unknown",
        # Opus always decodes at 48 kHz, whatever rate the track names.
        sample_rate=48_000 if encoding == "opus" else sample_rate,
        channels=channels,
    )


def first_times(source: Source, cluster: int, end: int, numbers: Sequence[int]) -> dict[int, int]:
    """The first time stamp of each track, in ticks, among the blocks of the first clusters."""
    times: dict[int, int] = {}
    base, offset = 0, cluster
    for _ in range(_MAX_FIRST_BLOCKS):
        element = next(elements(source, offset, end), None)
        if element is None or len(times) == len(numbers):
            break
        if element.id in (_CLUSTER, _BLOCK_GROUP) or element.end is None:
            offset = element.body  # step inside
            continue
        if element.id == _TIMESTAMP:
            base = _number(source, element)
        elif element.id in (_SIMPLE_BLOCK, _BLOCK):
            head = source.at(element.body, 12)
            width = 9 - head[0].bit_length() if head else 9
            if len(head) >= width + 2:
                number = int.from_bytes(head[:width], "big") & ((1 << 7 * width) - 1)
                stamp = int.from_bytes(head[width : width + 2], "big", signed=True)
                if number in numbers:
                    times.setdefault(number, max(base + stamp, 0))
        offset = element.end
    return times
