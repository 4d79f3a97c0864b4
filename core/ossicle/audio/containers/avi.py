"""AVI: the audio streams of a video.

Source: Microsoft, "AVI RIFF File Reference" (AVISTREAMHEADER), read 2026-12-01.
"""

from __future__ import annotations

from ossicle.audio.containers.source import Source
from ossicle.audio.containers.tracks import chosen, with_tracks
from ossicle.audio.containers.wave_format import read_wave_format
from ossicle.audio.facts import AudioFacts, Track
from ossicle.errors import MalformedAudioError

_MAX_CHUNKS = 256
_MAX_STREAMS = 64


def matches(head: bytes) -> bool:
    """Whether these first 12 bytes open an AVI file."""
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def read_facts(source: Source) -> AudioFacts:
    """What the stream headers say of the wanted audio stream.

    Raises:
        MalformedAudioError: There is no audio stream, or the header is cut off or impossible.
    """
    tracks: list[Track] = []
    lengths: list[float | None] = []
    data_offset: int | None = None
    for name, body, end in _chunks(source, source.start + 12, source.n_bytes):
        if name == b"hdrl":
            for inner, start, stop in _chunks(source, body, end):
                if inner == b"strl" and len(tracks) < _MAX_STREAMS:
                    _read_stream(source, start, stop, tracks, lengths)
        elif name == b"movi":
            data_offset = body
            break
    if not tracks:
        raise MalformedAudioError(
            "the AVI video has no audio", format="avi", fix="Give a file with audio."
        )
    wanted = chosen(source, tracks)
    riff_size = int.from_bytes(source.at(source.start + 4, 4), "little")
    is_cut = source.start + 8 + riff_size > source.n_bytes + 1
    facts = AudioFacts(
        format=wanted.format,
        n_bytes=source.n_bytes,
        duration_s=lengths[wanted.number - 1],
        is_estimate=True,
        data_offset=data_offset,
        notes=("truncated",) if is_cut else (),
    )
    return with_tracks(facts, wanted, tracks)


def _chunks(source: Source, offset: int, end: int) -> list[tuple[bytes, int, int]]:
    """Name, begin and end of each chunk; a list goes by the name of what it lists."""
    found: list[tuple[bytes, int, int]] = []
    end = min(end, source.n_bytes)
    while offset + 8 <= end and len(found) < _MAX_CHUNKS:
        header = source.at(offset, 12)
        if len(header) < 8:
            break
        stop = offset + 8 + int.from_bytes(header[4:8], "little")
        is_list = header[:4] == b"LIST"
        found.append(
            (header[8:12] if is_list else header[:4], offset + (12 if is_list else 8), stop)
        )
        offset = stop + (stop - offset & 1)
    return found


def _read_stream(
    source: Source, start: int, stop: int, tracks: list[Track], lengths: list[float | None]
) -> None:
    scale = rate = begin = length = 0
    is_audio = False
    for name, body, end in _chunks(source, start, stop):
        if name == b"strh":
            is_audio = source.at(body, 4) == b"auds"
            scale, rate, begin, length = source.fields("<IIII", body + 20)
        elif name == b"strf" and is_audio:
            form = read_wave_format(source.at(body, min(end - body, 64)), container="avi").format
            ticks_s = scale / rate if rate else 0.0
            tracks.append(Track(number=len(tracks) + 1, format=form, start_s=begin * ticks_s))
            seconds = length * ticks_s
            lengths.append(seconds if 0 < seconds < 3.2e9 else None)
