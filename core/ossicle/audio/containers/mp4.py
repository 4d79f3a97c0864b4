"""MP4, M4A, MOV and 3GP: the first audio track, its codec and its length.

Source: ISO/IEC 14496-12 sections 8.2 to 8.6 and 12.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.mp4_box import Box, boxes, find
from ossicle.audio.containers.mp4_entry import SampleEntry, read_entry
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_OPENERS = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")
_MAX_EDITS = 64


def matches(head: bytes) -> bool:
    """Whether these first 12 bytes open an MP4 file; old MOV files have no `ftyp`."""
    return head[4:8] in _OPENERS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    entry: SampleEntry
    time_scale: int
    media_duration: int
    edited_s: float | None


def read_facts(source: Source) -> AudioFacts:
    """What the `moov` box says of the first audio track, wherever that box stands.

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
    track = _audio_track(source, movie)
    if track is None:
        raise MalformedAudioError(
            "the MP4 has no audio track", format="mp4", fix="Give a file with sound."
        )
    there = _share_there(source, top)
    duration_s = _duration(track) if there else None
    form = checked_format(
        "mp4",
        track.entry.encoding,
        sample_rate=track.entry.sample_rate or track.time_scale,
        channels=track.entry.channels,
    )
    return AudioFacts(
        format=form,
        n_bytes=source.n_bytes,
        duration_s=None if duration_s is None else duration_s * there,
        is_estimate=there < 1 and duration_s is not None,
        data_offset=next((box.body for box in top if box.kind == b"mdat"), None),
        bit_depth=track.entry.bit_depth,
        notes=("truncated",) if there < 1 else (),
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


def _audio_track(source: Source, movie: Box) -> _Track | None:
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
        return _Track(
            entry=read_entry(source, table),
            time_scale=time_scale,
            media_duration=duration,
            edited_s=_edited_s(source, edits, movie_scale),
        )
    return None


def _time(source: Source, header: Box) -> tuple[int, int]:
    """Time scale and duration of an `mvhd` or `mdhd` box; an unknown duration is 0."""
    version = source.exactly(header.body, 1)[0]
    layout, offset, unknown = (
        (">IQ", 20, (1 << 64) - 1) if version == 1 else (">II", 12, (1 << 32) - 1)
    )
    scale, duration = source.fields(layout, header.body + offset)
    return scale, 0 if duration == unknown else duration


def _edited_s(source: Source, edits: Box | None, movie_scale: int) -> float | None:
    """Seconds of all edits that show media; `None` without an edit list."""
    if edits is None or movie_scale == 0:
        return None
    version, count = source.fields(">B3xI", edits.body)
    total = 0
    layout, size = (">Qq4x", 20) if version == 1 else (">Ii4x", 12)
    for index in range(min(count, _MAX_EDITS)):
        duration, media_time = source.fields(layout, edits.body + 8 + index * size)
        total += duration if media_time >= 0 else 0
    return total / movie_scale


def _duration(track: _Track) -> float | None:
    """Seconds to be heard: by the edit list where it has a length, else by the media."""
    media_s = track.media_duration / track.time_scale if track.time_scale else 0.0
    seconds = track.edited_s or media_s
    # Beyond a century it is no claim but garbage.
    return seconds if 0 < seconds < 3.2e9 else None
