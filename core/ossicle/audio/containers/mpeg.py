"""MPEG audio, layers I to III: frames, and the tags in the first one that tell the length.

Source: ISO/IEC 11172-3 section 2.4.2.3 and 13818-3 (frame header); Xing "VBR header SDK" 1998,
Fraunhofer VBRI, and the LAME tag specification, revision 1, for the first frame's contents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ossicle.audio.containers.header import checked_format
from ossicle.audio.containers.id3 import skip_leading_tags, trailing_tags_start
from ossicle.audio.containers.mpeg_frame import MpegFrame, read_frame
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts
from ossicle.errors import MalformedAudioError

_SEARCH_BYTES = 1 << 16
_WALK_FRAMES = 4096
_PROOF_FRAMES = 3
_MAX_JOINED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """Frames in a row from the first one on."""

    count: int
    end: int


def find_first_frame(source: Source, start: int, end: int) -> tuple[int, MpegFrame] | None:
    """Offset and header of the first frame that is followed by others like it.

    One frame alone counts only where it begins at `start` and reaches to `end`.
    """
    data = source.at(start, min(_SEARCH_BYTES, end - start))
    at = 0
    tries = 0
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 3 and tries < 4096:
        frame = read_frame(data[at : at + 4])
        if frame is not None:
            tries += 1
            if _is_proven(source, start + at, frame, end, alone=at == 0):
                return start + at, frame
        at += 1
    return None


def _is_proven(source: Source, offset: int, frame: MpegFrame, end: int, *, alone: bool) -> bool:
    for count in range(1, _PROOF_FRAMES):
        offset += frame.size
        if offset >= end:
            return alone and (offset == end or count > 1)
        following = read_frame(source.at(offset, 4))
        if following is None or following.kind != frame.kind:
            return False
        frame = following
    return True


def read_facts(source: Source) -> AudioFacts | None:
    """What the frames say, or `None` if these bytes are no MPEG audio.

    Raises:
        MalformedAudioError: There is a tag frame, but no frame with audio.
    """
    end = trailing_tags_start(source, source.start)
    found = find_first_frame(source, source.start, end)
    if found is None:
        return None
    offset, frame = found
    facts = AudioFacts(
        format=checked_format(
            "mp3",
            f"mp{frame.layer}",
            sample_rate=frame.sample_rate,
            channels=frame.channels,
        ),
        n_bytes=source.n_bytes,
        data_offset=offset,
    )
    first = source.at(offset, min(frame.size, 512))
    counted = _from_vbr_header(source, facts, frame, first, end)
    facts = counted or _from_frames(source, facts, frame, offset, end)
    return _with_following(source, facts, frame, _part_end(source, frame, offset, first, end), end)


def _part_end(source: Source, frame: MpegFrame, offset: int, first: bytes, end: int) -> int:
    """Where the first of joined MP3s ends: by its header's count of bytes, or by its frames."""
    claim = _xing(first, frame) or _vbri(first)
    if claim is not None:
        return end if claim[1] is None else min(offset + claim[1], end)
    walked = source.walked
    return walked[1] if walked is not None and walked[0] == offset else end


def _with_following(
    source: Source, facts: AudioFacts, frame: MpegFrame, start: int, end: int
) -> AudioFacts:
    """The facts with the length of MP3s that follow, with tags between or not."""
    total_s, count = facts.duration_s or 0.0, 0
    while end - start > frame.size and count < _MAX_JOINED and facts.duration_s is not None:
        start += 128 if source.at(start, 3) == b"TAG" else 0
        found = find_first_frame(source, skip_leading_tags(source, start), end)
        if found is None or found[1].kind != frame.kind:
            break
        offset, following = found
        first = source.at(offset, min(following.size, 512))
        bare = replace(facts, data_offset=offset, duration_s=None, frames=None)
        counted = _from_vbr_header(source, bare, following, first, end)
        more = counted or _from_frames(source, bare, following, offset, end)
        total_s += more.duration_s or 0.0
        count += 1
        start = max(_part_end(source, following, offset, first, end), offset + following.size)
    if not count:
        return facts
    # Only decoding tells what the decoder makes of the seams.
    return replace(facts, duration_s=total_s, frames=None, notes=(*facts.notes, "joined"))


def _from_frames(
    source: Source, facts: AudioFacts, frame: MpegFrame, start: int, end: int
) -> AudioFacts:
    """Length by counting, or for a long file by the bytes that a frame takes on average."""
    walk = _walk(source, start, frame, end)
    if walk.count < _WALK_FRAMES:
        source.walked = start, walk.end
    if walk.end >= end or walk.count < _WALK_FRAMES:
        seconds = walk.count * frame.frames / frame.sample_rate
        notes = ("truncated",) if walk.end > end else ()
        return replace(facts, duration_s=seconds, is_estimate=bool(notes), notes=notes)
    average = (walk.end - start) / walk.count
    seconds = (end - start) / average * frame.frames / frame.sample_rate
    return replace(facts, duration_s=seconds, is_estimate=True)


def _walk(source: Source, offset: int, frame: MpegFrame, end: int) -> _Walk:
    count = 0
    current: MpegFrame | None = frame
    while current is not None and current.kind == frame.kind and count < _WALK_FRAMES:
        offset += current.size
        count += 1
        if offset >= end:
            break
        current = read_frame(source.at(offset, 4))
    return _Walk(count=count, end=offset)


def _from_vbr_header(
    source: Source, facts: AudioFacts, frame: MpegFrame, first: bytes, end: int
) -> AudioFacts | None:
    """Length by a Xing, Info or VBRI header; a claim, bounded by the bytes that are there."""
    claim = _xing(first, frame) or _vbri(first)
    if claim is None:
        return None
    count, claimed_bytes, delays = claim
    start = (facts.data_offset or 0) + frame.size
    if start >= end:
        raise MalformedAudioError(
            "the MP3 ends after its header frame", format="mp3", fix="Get the file again."
        )
    there = end - start
    if count is None or count > there // 21 + 1:
        # No frame is smaller than 24 bytes (32 kbit/s at 48 kHz is 96, 8 kbit/s at 24 kHz is 24).
        return _from_frames(source, facts, frame, start, end)
    total = count * frame.frames
    if claimed_bytes is not None and claimed_bytes > there + frame.size + 4096:
        seconds = total * there / claimed_bytes / frame.sample_rate
        return replace(facts, duration_s=seconds, is_estimate=True, notes=("truncated",))
    if delays is not None:
        total = max(total - sum(delays), 0)
    return replace(
        facts,
        frames=total if delays is not None else None,
        duration_s=total / frame.sample_rate,
    )


_Claim = tuple[int | None, int | None, tuple[int, int] | None]


def _xing(first: bytes, frame: MpegFrame) -> _Claim | None:
    """Count of frames, of bytes, and (delay, padding) by LAME, each `None` if absent."""
    at = 4 + frame.side_info
    if first[at : at + 4] not in (b"Xing", b"Info") or len(first) < at + 8:
        return None
    flags = int.from_bytes(first[at + 4 : at + 8], "big")
    values: list[int | None] = []
    position = at + 8
    for bit in (1, 2):
        value = first[position : position + 4] if flags & bit else b""
        values.append(int.from_bytes(value, "big") if len(value) == 4 else None)
        position += 4 if flags & bit else 0
    position += (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    lame = first[position : position + 24]
    delays: tuple[int, int] | None = None
    if len(lame) == 24 and lame[:4] in (b"LAME", b"Lavf", b"Lavc"):
        packed = int.from_bytes(lame[21:24], "big")
        delays = packed >> 12, packed & 0xFFF
    return values[0], values[1], delays


def _vbri(first: bytes) -> _Claim | None:
    if first[36:40] != b"VBRI" or len(first) < 54:
        return None
    return int.from_bytes(first[50:54], "big"), int.from_bytes(first[46:50], "big"), None
