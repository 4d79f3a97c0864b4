"""MP4, M4A, MOV and 3GP: the audio tracks, their codecs, clocks and lengths.

Source: ISO/IEC 14496-12 sections 8.2 to 8.6 and 12.2.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from ossicle.audio.containers.mp4_box import Box, boxes, find
from ossicle.audio.containers.mp4_entry import SampleEntry, read_entry
from ossicle.audio.containers.source import Source
from ossicle.audio.containers.tracks import chosen, lenient_format, with_tracks
from ossicle.audio.facts import AudioFacts, Hole, Track
from ossicle.errors import MalformedAudioError

_OPENERS = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")
_MAX_EDITS = 64
_MAX_TRACKS = 64


def matches(head: bytes) -> bool:
    """Whether these first 12 bytes open an MP4 file; old MOV files have no `ftyp`."""
    return head[4:8] in _OPENERS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    entry: SampleEntry
    time_scale: int
    media_duration: int
    edits: _Edits | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edits:
    """What the edit list says; all in seconds of the movie."""

    start_s: float
    length_s: float
    holes: tuple[Hole, ...]


def read_facts(source: Source) -> AudioFacts:
    """What the `moov` box says of the wanted audio track, wherever that box stands.

    Raises:
        MalformedAudioError: There is no `moov` box, no audio track, or its header is impossible.
    """
    top = list(boxes(source, source.start, source.n_bytes))
    movie = next((box for box in top if box.kind == b"moov"), None)
    if movie is None:
        raise MalformedAudioError(
            "the MP4 has no moov box, which says what its bytes mean",
            format="mp4",
            fix="Get the file again; the end was not transferred.",
        )
    found = list(itertools.islice(_audio_tracks(source, movie), _MAX_TRACKS))
    if not found:
        raise MalformedAudioError(
            "the MP4 has no audio track", format="mp4", fix="Give a file with audio."
        )
    tracks = [_described(one, number) for number, one in enumerate(found, start=1)]
    wanted = chosen(source, tracks)
    track = found[wanted.number - 1]
    there = _share_there(source, top)
    duration_s = _duration(track) if there else None
    facts = AudioFacts(
        format=wanted.format,
        n_bytes=source.n_bytes,
        duration_s=None if duration_s is None else duration_s * there,
        is_estimate=there < 1 and duration_s is not None,
        data_offset=next((box.body for box in top if box.kind == b"mdat"), None),
        bit_depth=track.entry.bit_depth,
        notes=("truncated",) if there < 1 else (),
        holes=() if track.edits is None else track.edits.holes,
    )
    return with_tracks(facts, wanted, tracks)


def _described(track: _Track, number: int) -> Track:
    return Track(
        number=number,
        format=lenient_format(
            "mp4",
            track.entry.encoding,
            sample_rate=track.entry.sample_rate or track.time_scale,
            channels=track.entry.channels,
        ),
        start_s=0.0 if track.edits is None else track.edits.start_s,
        language=track.language,
    )


def _share_there(source: Source, top: list[Box]) -> float:
    """Which share of the media bytes the file really has, 0 to 1."""
    claimed = sum(box.end - box.body for box in top if box.kind == b"mdat")
    there = sum(
        max(min(box.end, source.n_bytes) - box.body, 0) for box in top if box.kind == b"mdat"
    )
    if not claimed:
        # Nothing but a header; or the samples stand in another file, which is never opened.
        return 0.0
    return there / claimed


def _audio_tracks(source: Source, movie: Box) -> Iterator[_Track]:
    end = min(movie.end, source.n_bytes)
    header = find(source, movie.body, end, b"mvhd")
    movie_scale = _time(source, header)[0] if header is not None else 0
    for track in boxes(source, movie.body, end):
        if track.kind != b"trak":
            continue
        track_end = min(track.end, source.n_bytes)
        media = find(source, track.body, track_end, b"mdia")
        if media is None:
            continue
        media_end = min(media.end, source.n_bytes)
        handler = find(source, media.body, media_end, b"hdlr")
        table = find(source, media.body, media_end, b"minf", b"stbl", b"stsd")
        header = find(source, media.body, media_end, b"mdhd")
        if handler is None or table is None or header is None:
            continue
        if source.at(handler.body + 8, 4) != b"soun":
            continue
        time_scale, duration = _time(source, header)
        edits = find(source, track.body, track_end, b"edts", b"elst")
        yield _Track(
            entry=read_entry(source, table),
            time_scale=time_scale,
            media_duration=duration,
            edits=_read_edits(source, edits, movie_scale),
            language=_language(source, header),
        )


def _time(source: Source, header: Box) -> tuple[int, int]:
    """Time scale and duration of an `mvhd` or `mdhd` box; an unknown duration is 0."""
    version = source.exactly(header.body, 1)[0]
    layout, offset, unknown = (
        (">IQ", 20, (1 << 64) - 1) if version == 1 else (">II", 12, (1 << 32) - 1)
    )
    scale, duration = source.fields(layout, header.body + offset)
    return scale, 0 if duration == unknown else duration


def _language(source: Source, header: Box) -> str | None:
    """Three letters of five bits each behind the duration; `und` says nothing."""
    offset = 32 if source.exactly(header.body, 1)[0] == 1 else 20
    packed = int.from_bytes(source.at(header.body + offset, 2), "big")
    letters = "".join(chr((packed >> shift & 31) + 0x60) for shift in (10, 5, 0))
    return letters if letters.isalpha() and letters.islower() and letters != "und" else None


def _read_edits(source: Source, edits: Box | None, movie_scale: int) -> _Edits | None:
    """The edit list; empty edits are a late start in front, and holes behind it."""
    if edits is None or movie_scale == 0:
        return None
    version, count = source.fields(">B3xI", edits.body)
    layout, size = (">Qq4x", 20) if version == 1 else (">Ii4x", 12)
    start = end = duration = media_time = 0
    has_begun = False
    holes: list[Hole] = []
    for index in range(min(count, _MAX_EDITS)):
        duration, media_time = source.fields(layout, edits.body + 8 + index * size)
        if media_time >= 0:
            has_begun = True
        elif has_begun:
            holes.append(Hole(start_s=end / movie_scale, duration_s=duration / movie_scale))
        else:
            start += duration
        end += duration
    if holes and media_time < 0:
        end -= duration
        holes.pop()  # nothing follows it
    return _Edits(
        start_s=start / movie_scale, length_s=(end - start) / movie_scale, holes=tuple(holes)
    )


def _duration(track: _Track) -> float | None:
    """Seconds to be heard: by the edit list where it has a length, else by the media."""
    media_s = track.media_duration / track.time_scale if track.time_scale else 0.0
    seconds = (0.0 if track.edits is None else track.edits.length_s) or media_s
    # Beyond a century it is no claim but garbage.
    return seconds if 0 < seconds < 3.2e9 else None
