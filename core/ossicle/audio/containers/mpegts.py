"""MPEG transport streams: their audio streams, as television, HLS segments and cameras have them.

Source: ISO/IEC 13818-1 sections 2.4.3 and 2.4.4; ETSI EN 300 468 annex D (AC-3, E-AC-3).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

from ossicle.audio.containers import ac3, adts, mpeg
from ossicle.audio.containers.source import Source
from ossicle.audio.containers.tracks import chosen, lenient_format, with_tracks
from ossicle.audio.facts import AudioFacts, Track
from ossicle.errors import MalformedAudioError

_PACKET = 188
_PROOF = 5
_LEAST = 3
_MAX_PACKETS = 6000
_CLOCK = 90_000
_LAP = 1 << 33
_ENOUGH_BYTES = 8192
_TYPES = {0x03: "mp2", 0x04: "mp2", 0x0F: "aac", 0x11: "aac_latm", 0x81: "ac3", 0x87: "eac3"}
_DESCRIBED = {0x6A: "ac3", 0x7A: "eac3", 0x7C: "aac"}
_READERS: dict[str, Callable[[Source], AudioFacts | None]] = {
    "mp2": mpeg.read_facts, "aac": adts.read_facts, "ac3": ac3.read_facts, "eac3": ac3.read_facts,
}  # fmt: skip


@dataclass(slots=True)
class _Stream:
    encoding: str
    language: str | None = None
    start: int | None = None
    last: int | None = None
    payload: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class _Tables:
    programs: set[int] = field(default_factory=set)
    audio: dict[int, _Stream] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


def matches(head: bytes) -> bool:
    """Whether these first bytes are packets of 188 bytes, or of 192 with a time before each."""
    return _stride(head) is not None


def _stride(head: bytes) -> tuple[int, int] | None:
    for size, skip in ((188, 0), (192, 4)):
        places = range(skip, min(len(head), _PROOF * size), size)
        if len(places) >= _LEAST and all(head[at] == 0x47 for at in places):
            return size, skip
    return None


def read_facts(source: Source) -> AudioFacts:
    """What the tables and the first frames of the wanted audio stream say.

    `start_s` counts from where the earliest stream begins: the clock of a broadcast has no zero.

    Raises:
        MalformedAudioError: No table names an audio stream, or its frames are impossible.
    """
    found = _stride(source.at(source.start, 1024))
    assert found is not None
    size, skip = found
    tables = _Tables()
    for number in range(_MAX_PACKETS):
        packet = source.at(source.start + number * size + skip, _PACKET)
        if len(packet) < _PACKET or packet[0] != 0x47:
            break
        _read_packet(packet, tables)
        if tables.audio and all(len(one.payload) >= _ENOUGH_BYTES for one in tables.audio.values()):
            break
    streams = list(tables.audio.values())
    if not streams:
        raise MalformedAudioError(
            "the transport stream names no audio", format="mpegts", fix="Give one with audio."
        )
    origin = min(tables.starts.values(), default=0)
    tracks = [_track(one, number, origin) for number, one in enumerate(streams, start=1)]
    wanted = chosen(source, tracks)
    facts = AudioFacts(
        format=wanted.format,
        n_bytes=source.n_bytes,
        duration_s=_duration(source, streams[wanted.number - 1], tables, size, skip),
        is_estimate=True,
    )
    return with_tracks(facts, wanted, tracks)


def _read_packet(packet: bytes, tables: _Tables) -> None:
    pid = (packet[1] & 31) << 8 | packet[2]
    is_start, control = bool(packet[1] & 0x40), packet[3] >> 4 & 3
    body = packet[4 + (1 + packet[4] if control & 2 else 0) :] if control & 1 else b""
    if is_start and pid == 0:
        section = body[1 + body[0] :] if body else b""
        for at in range(8, min(len(section), 3 + _section_size(section)) - 4, 4):
            if section[at : at + 2] != b"\x00\x00":
                tables.programs.add((section[at + 2] & 31) << 8 | section[at + 3])
    elif is_start and pid in tables.programs:
        _read_program(body[1 + body[0] :] if body else b"", tables)
    elif is_start and body[:3] == b"\x00\x00\x01" and len(body) > 14:
        stamp = _stamp(body)
        if stamp is not None:
            tables.starts.setdefault(pid, stamp)
            if pid in tables.audio:
                stream = tables.audio[pid]
                stream.start, stream.last = stream.start or stamp, stamp
        if pid in tables.audio:
            tables.audio[pid].payload += body[9 + body[8] :]
    elif pid in tables.audio and tables.audio[pid].payload:
        tables.audio[pid].payload += body


def _section_size(section: bytes) -> int:
    return (section[1] & 15) << 8 | section[2] if len(section) > 2 else 0


def _read_program(section: bytes, tables: _Tables) -> None:
    end = min(len(section), 3 + _section_size(section)) - 4
    at = 12 + ((section[10] & 15) << 8 | section[11]) if len(section) > 11 else end
    while at + 5 <= end:
        kind, pid = section[at], (section[at + 1] & 31) << 8 | section[at + 2]
        size = (section[at + 3] & 15) << 8 | section[at + 4]
        encoding, language = _TYPES.get(kind), None
        if kind == 6 or encoding is not None:
            described, language = _described(section[at + 5 : at + 5 + size])
            encoding = encoding or described
        if encoding is not None and pid not in tables.audio and len(tables.audio) < 64:
            tables.audio[pid] = _Stream(encoding, language)
        at += 5 + size


def _described(data: bytes) -> tuple[str | None, str | None]:
    """Encoding and language by the descriptors of one stream."""
    encoding = language = None
    at = 0
    while at + 2 <= len(data):
        tag, body = data[at], data[at + 2 : at + 2 + data[at + 1]]
        if tag == 5 and body[:4] == b"Opus":
            encoding = "opus"
        elif tag == 5 and body[:4] in (b"AC-3", b"EAC3"):
            encoding = "ac3" if body[:4] == b"AC-3" else "eac3"
        elif tag == 10 and body[:3].isalpha():
            language = body[:3].decode("ascii", "replace").lower()
        else:
            encoding = encoding or _DESCRIBED.get(tag)
        at += 2 + data[at + 1]
    return encoding, None if language == "und" else language


def _stamp(body: bytes) -> int | None:
    if not body[7] & 0x80:
        return None
    return (
        (body[9] >> 1 & 7) << 30
        | body[10] << 22
        | (body[11] >> 1) << 15
        | body[12] << 7
        | body[13] >> 1
    )


def _track(stream: _Stream, number: int, origin: int) -> Track:
    rate = channels = 0
    encoding = stream.encoding
    if encoding == "opus":
        rate, channels = 48_000, 2
    elif encoding == "aac_latm":
        rate, channels, encoding = 48_000, 2, "aac"
    payload = bytes(stream.payload[:_ENOUGH_BYTES])
    reader = _READERS.get(stream.encoding)
    inner = None if reader is None else reader(Source(io.BytesIO(payload), len(payload)))
    if inner is not None:
        rate, channels = inner.format.sample_rate or 0, inner.format.channels or 0
        encoding = inner.format.encoding
    begins = 0 if stream.start is None else (stream.start - origin) % _LAP
    return Track(
        number=number,
        format=lenient_format("mpegts", encoding, sample_rate=rate, channels=channels),
        start_s=begins / _CLOCK if begins < _LAP // 2 else 0.0,
        language=stream.language,
    )


def _duration(
    source: Source, stream: _Stream, tables: _Tables, size: int, skip: int
) -> float | None:
    """By the time stamps of the first packets and of the last ones."""
    if stream.start is None:
        return None
    pid = next(pid for pid, one in tables.audio.items() if one is stream)
    count = (source.n_bytes - source.start) // size
    for number in range(count - 1, max(count - 2000, -1), -1):
        packet = source.at(source.start + number * size + skip, _PACKET)
        if len(packet) == _PACKET and packet[0] == 0x47:
            is_ours = (packet[1] & 31) << 8 | packet[2] == pid and packet[1] & 0x40
            body = packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0) :]
            if is_ours and body[:3] == b"\x00\x00\x01" and len(body) > 14:
                last = _stamp(body)
                seconds = 0.0 if last is None else (last - stream.start) % _LAP / _CLOCK
                return seconds if 0 < seconds < 90_000 else None
    return None
