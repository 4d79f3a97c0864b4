"""Decoding packet by packet, past damage, up to the end that the container tells."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from ossicle.audio import AudioClip, BlockStream, Hole
from ossicle.audio.file_views import ByteWindow, untagged_span
from ossicle.audio.ogg_links import OggLink, ogg_links
from ossicle.errors import MalformedAudioError
from ossicle_av.clock import timed
from ossicle_av.demux import Demuxed
from ossicle_av.faults import translated
from ossicle_av.samples import Piece, Silence, assembled

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_MAX_DAMAGED = 10_000
"""Packets that may fail before the rest is not even tried."""
_MAX_DEMUX_ERRORS = 16
_EXACT = ("mp4", "ogg")
"""Containers that tell their length in samples."""
_CLOCKED = ("mp4", "matroska", "mpegts", "flv", "asf")
"""Containers that give each packet a time of its own."""
_HEADED = ("mp4", "matroska", "ogg", "asf", "caf")
"""Containers that can hold no audio at all and still be whole."""


class Reading:
    """One clip being decoded.

    Args:
        clip: What to decode; one of the formats in `rules.READS`.
    """

    def __init__(self, clip: AudioClip) -> None:
        self._form, self._track = clip.format, clip.facts.track
        self._holes: list[Hole] = []
        self._start_s = clip.facts.start_s
        self._file: BinaryIO = clip.open()
        self._demuxed: Demuxed | None = None
        self._damaged = 0
        self._intact = 0
        try:
            self._parts = self._find_parts(clip)
            pieces = self._pieces()
            first = next(pieces, None)
        except BaseException:
            self.close()
            raise
        self._pending = pieces if first is None else itertools.chain([first], pieces)
        self.sample_rate = first.frame.sample_rate if first else clip.format.sample_rate or 48_000
        self.channels = max(
            first.frame.layout.nb_channels if first else clip.format.channels or 1,
            *(part.channels or 0 for part in self._parts),
        )

    def stream(self) -> BlockStream:
        """The samples; closing the stream closes the decoder and the file."""
        return BlockStream(
            self._blocks(),
            sample_rate=self.sample_rate,
            channels=self.channels,
            close=self.close,
            holes=self._holes,
        )

    def close(self) -> None:
        """Release the decoder and the file; twice is harmless."""
        if self._demuxed is not None:
            self._demuxed.close()
            self._demuxed = None
        self._file.close()

    def _find_parts(self, clip: AudioClip) -> list[OggLink]:
        """Byte ranges that are decoded one after the other."""
        facts = clip.facts
        if self._form.container == "ogg" and "chained" in facts.notes:
            # FFmpeg refuses a second link of another shape.
            return ogg_links(self._file)
        start, end = untagged_span(self._file, facts)
        return [OggLink(start=start, end=end, channels=None)]

    def _blocks(self) -> Iterator[Samples]:
        yield from assembled(
            self._pending,
            form=self._form,
            sample_rate=self.sample_rate,
            channels=self.channels,
        )
        if self._damaged > self._intact:
            raise self._too_damaged()

    def _too_damaged(self) -> MalformedAudioError:
        return MalformedAudioError(
            f"{self._damaged} of {self._damaged + self._intact} packets do not decode",
            format=str(self._form),
            fix="Get a whole copy of the file.",
        )

    def _pieces(self) -> Iterator[Piece]:
        """All decoded frames; one look ahead tells the stream's true shape."""
        found, claimed = 0, None
        for part in self._parts:
            if self._demuxed is not None:
                self._demuxed.close()
            window = ByteWindow(self._file, start=part.start, end=part.end)
            self._demuxed = Demuxed(window, self._form, track=self._track)
            claimed = self._demuxed.stream.duration
            frames: Iterator[Any] = self._decoded(self._demuxed, window)
            if self._form.container in _CLOCKED:
                frames = timed(frames, self._holes, start_s=self._start_s)
            for piece in _trimmed(frames, self._demuxed):
                found += piece.stop - piece.start
                yield piece
            window.check()
        is_empty = self._form.container in _HEADED and not claimed and not self._damaged
        if not found and not is_empty:
            raise MalformedAudioError(
                f"nothing in this {self._form.container}/{self._form.encoding} decodes",
                format=str(self._form),
                fix="Check that the file is whole.",
            )

    def _decoded(self, demuxed: Demuxed, window: ByteWindow) -> Iterator[Any]:
        from av.error import FFmpegError

        for packet in self._packets(demuxed, window):
            try:
                frames = packet.decode()
            except (FFmpegError, LookupError, ValueError, RuntimeError) as error:
                self._damaged += 1
                if self._damaged > _MAX_DAMAGED:
                    raise self._too_damaged() from error
                continue
            self._intact += bool(frames)
            yield from frames

    def _packets(self, demuxed: Demuxed, window: ByteWindow) -> Iterator[Any]:
        """Packets of the audio stream and the flushing one; goes on behind a broken one."""
        from av.error import EOFError as FFmpegEof
        from av.error import FFmpegError

        for _ in range(_MAX_DEMUX_ERRORS):
            before = window.furthest
            try:
                yield from demuxed.container.demux(demuxed.stream)
            except FFmpegEof:
                return
            except (FFmpegError, LookupError, ValueError, RuntimeError):
                window.check()
                self._damaged += 1
                if window.furthest == before:
                    return
            else:
                return
        with translated(self._form, doing="decode"):
            raise ValueError(f"{_MAX_DEMUX_ERRORS} places cannot be read past")


def _trimmed(frames: Iterator[Any], demuxed: Demuxed) -> Iterator[Piece]:
    """Frames up to the length that an MP4 edit list, the last Ogg page or a CAF packet table tells.

    FFmpeg cuts what is in front, but gives the encoder's padding at the end. What goes on
    for more than two frames is not padding: then the length is not believed.
    """
    form = demuxed.form
    # Of a CAF packet table, see `Demuxed`.
    is_exact = form.container in _EXACT or (form.container, form.encoding) == ("caf", "alac")
    duration = demuxed.stream.duration if is_exact else None
    held: list[Piece] = []
    total = 0
    for frame in frames:
        end = None
        if duration is not None:
            end = round(duration * demuxed.stream.time_base * frame.sample_rate)
        if isinstance(frame, Silence):
            total += frame.samples
            yield Piece(frame, 0, frame.samples)
            continue
        stop = frame.samples if end is None else min(max(end - total, 0), frame.samples)
        total += frame.samples
        if stop:
            yield Piece(frame, 0, stop)
        if stop < frame.samples:
            held.append(Piece(frame, stop, frame.samples))
        if end is not None and total - end > 2 * frame.samples:
            yield from held
            held, duration = [], None
