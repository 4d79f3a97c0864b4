"""What a look at the header, and nothing more, tells of a piece of audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ossicle.audio.format import AudioFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One audio track of a file.

    Attributes:
        number: From 1, counting audio tracks only.
        format: As the file says; the encoding may be `unknown`.
        start_s: Where it begins on the file's clock.
        language: As the file says it, or `None`.
        name: As the file says it, or `None`.
    """

    number: int
    format: AudioFormat
    start_s: float = 0.0
    language: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A stretch of a file's clock that has no audio; it is decoded as silence.

    Attributes:
        start_s: Where it begins on the file's clock.
        duration_s: How long it lasts.
    """

    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFacts:
    """What the header says; claims are bounded by the bytes that are really there.

    Attributes:
        format: Container, encoding, sample rate and channels as sniffed.
        n_bytes: Encoded size.
        frames: Frames of the whole clip, or `None` when only decoding can tell.
        duration_s: Seconds, or `None` when unknown; an estimate where `is_estimate`.
        is_estimate: Whether the duration was derived from bit rates instead of counts.
        data_offset: Where the samples or the first packet start, in bytes; `None` if unknown.
        data_bytes: How many bytes of samples really follow; `None` where it has no meaning.
        bit_depth: Bits per sample that carry signal, or `None` for lossy formats.
        notes: What was odd and tolerated, as short stable words: `sizes_unknown` (a streamed WAV
            with sizes of 0 or 0xFFFFFFFF), `truncated` (the file ends before its header says),
            `trailing_bytes` (something follows the samples), `chained` (several Ogg streams one
            behind the other), `joined` (whole files one behind the other, or several chunks of
            samples), `unread_bytes` (what follows is no audio that belongs to it), `id3` (a tag
            comes first), `block_align` (a WAV whose block size is missing or wrong).
        parts: Offset and bytes of each run of samples where there are several; else empty.
        start_s: Where the audio begins on the file's own clock, as beside a video; 0 without one.
        holes: Where the file's time stamps say that audio is missing, as far as its header tells.
        track: Number of the audio track that all of this is about.
        tracks: All audio tracks of a container that can hold several; else empty.
        unread_bytes: Bytes behind the audio that are not read, such as a file of another rate.
    """

    format: AudioFormat
    n_bytes: int
    frames: int | None = None
    duration_s: float | None = None
    is_estimate: bool = False
    data_offset: int | None = None
    data_bytes: int | None = None
    bit_depth: int | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[tuple[int, int], ...] = ()
    unread_bytes: int = 0
    start_s: float = 0.0
    holes: tuple[Hole, ...] = ()
    track: int = 1
    tracks: tuple[Track, ...] = ()

    def with_holes(self, holes: Sequence[Hole]) -> AudioFacts:
        """These facts with the holes that decoding found; a header seldom says them."""
        return replace(self, holes=tuple(holes)) if holes else self

    def with_oddities_of(self, source: AudioFacts) -> AudioFacts:
        """These facts with the notes on, and the losses of, what the audio was made from."""
        notes = tuple(dict.fromkeys((*self.notes, *source.notes)))
        return replace(
            self,
            notes=notes,
            unread_bytes=source.unread_bytes,
            start_s=source.start_s,
            holes=source.holes,
            track=source.track,
            tracks=source.tracks,
        )
