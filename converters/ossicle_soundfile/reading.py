"""Decoding in blocks of constant size, whatever the header claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ossicle.audio import BLOCK_FRAMES, AudioClip, BlockStream
from ossicle.audio.file_views import ByteWindow, untagged_span
from ossicle.audio.ogg_links import OggLink, ogg_links
from ossicle.errors import MalformedAudioError, UnsupportedFormatError
from ossicle_soundfile.channel_order import from_ogg_order
from ossicle_soundfile.faults import translated
from ossicle_soundfile.resync import next_mp3_frame
from ossicle_soundfile.rules import native_format
from ossicle_soundfile.stretch import StretchedWindow, has_header_frame

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_BLOCK_SAMPLES = 1 << 19
"""Most samples in a block, so that many channels do not multiply the memory."""
_UNREAD_BYTES = 4096
"""An MP3 decoder that ends with more than this unread stopped at damage, not at the end."""
_MAX_RESYNCS = 1000
_MP3_BLOCK_FRAMES = 8 * 1152
"""What libsndfile decoded of a block is lost when damage ends it; so blocks are short."""
_ENDLESS = 1 << 62
"""libsndfile's `SF_COUNT_MAX` is the length of what tells none."""


class Reading:
    """One clip being decoded.

    Args:
        clip: What to decode; one of the formats in `rules.READS`.
    """

    def __init__(self, clip: AudioClip) -> None:
        self._clip = clip
        self._form = clip.format
        self._file: BinaryIO = clip.open()
        self._sound: Any = None
        self._window: ByteWindow | None = None
        try:
            self._parts = self._find_parts()
            sound = self._open(self._parts[0])
        except BaseException:
            self.close()
            raise
        self.sample_rate: int = sound.samplerate
        self.channels: int = max(sound.channels, *(part.channels or 0 for part in self._parts))
        self._claimed: int = sound.frames

    def stream(self) -> BlockStream:
        """The samples; closing the stream closes the decoder and the file."""
        return BlockStream(
            self._blocks(),
            sample_rate=self.sample_rate,
            channels=self.channels,
            close=self.close,
        )

    def close(self) -> None:
        """Release the decoder and the file; twice is harmless."""
        if self._sound is not None:
            self._sound.close()
            self._sound = None
        self._file.close()

    def _find_parts(self) -> list[OggLink]:
        """Byte ranges that are decoded one after the other."""
        facts = self._clip.facts
        if self._form.container == "ogg" and "chained" in facts.notes:
            return ogg_links(self._file)
        start, end = untagged_span(self._file, facts)
        return [OggLink(start=start, end=end, channels=None)]

    def _open(self, part: OggLink) -> Any:
        if self._sound is not None:
            self._sound.close()
        facts = self._clip.facts
        with translated(self._form, doing="open"):
            if self._form.container == "wav" and "sizes_unknown" in facts.notes:
                # libsndfile believes a size of 0 and gives nothing, without an error.
                self._window = ByteWindow(self._file, start=facts.data_offset or 44)
                self._sound = self._open_raw(self._window)
            else:
                self._window = self._windowed(part)
                self._sound = _forward_reader()(self._window)
        return self._sound

    def _windowed(self, part: OggLink) -> ByteWindow:
        kind = ByteWindow
        if self._form.container == "mp3" and not has_header_frame(self._file, part.start):
            kind = StretchedWindow
        return kind(self._file, start=part.start, end=part.end)

    def _open_raw(self, window: ByteWindow) -> Any:
        form = self._form
        if not (form.is_pcm or form.encoding in ("mulaw", "alaw")) or form.channels is None:
            raise UnsupportedFormatError(
                f"a streamed WAV of {form.encoding} does not say where it ends",
                format=str(form),
                extra="av",
                fix="Save it again with the sizes in its header.",
            )
        return _forward_reader()(
            window,
            format="RAW",
            subtype=native_format("wav", form.encoding).subtype,
            endian="BIG" if form.encoding.endswith("be") else "LITTLE",
            samplerate=form.sample_rate,
            channels=form.channels,
        )

    def _blocks(self) -> Iterator[Samples]:
        frames = 0
        for number, part in enumerate(self._parts):
            if number:
                self._open(part)
                self._check_link()
            source = self._mp3_blocks() if self._form.container == "mp3" else self._plain_blocks()
            for raw in source:
                frames += len(raw)
                block = from_ogg_order(raw) if self._form.container == "ogg" else raw
                yield block if block.shape[1] == self.channels else _widened(block, self.channels)
        if frames == 0 and 0 < self._claimed < _ENDLESS:
            raise MalformedAudioError(
                f"the header claims {self._claimed} frames and none decodes",
                format=str(self._form),
                fix="Check that the file is whole.",
            )

    def _check_link(self) -> None:
        """A chained stream can go on with other channels, not with another rate."""
        if self._sound.samplerate != self.sample_rate or self._sound.channels > self.channels:
            raise UnsupportedFormatError(
                f"a chained Ogg goes on with {self._sound.samplerate} Hz and "
                f"{self._sound.channels} channels",
                format=str(self._form),
                fix="Split the file into its parts.",
            )

    def _plain_blocks(
        self, block_frames: int = BLOCK_FRAMES, *, is_rescued: bool = False
    ) -> Iterator[Samples]:
        assert self._window is not None
        buffer = _block_buffer(self._sound.channels, block_frames)
        while True:
            if is_rescued:
                buffer.fill(np.nan)
            try:
                with translated(self._form, doing="decode"):
                    block = self._sound.read(out=buffer)
            except MalformedAudioError:
                # What was decoded before the damage stands in the buffer; the rest is untouched.
                intact = int(np.isfinite(buffer[:, 0]).sum()) if is_rescued else 0
                if intact:
                    yield buffer[:intact]
                raise
            self._window.check()
            if not len(block):
                return
            yield block

    def _mp3_blocks(self) -> Iterator[Samples]:
        """Go on behind damage, where libsndfile stops, often without an error."""
        part: OggLink | None = self._parts[0]
        for _ in range(_MAX_RESYNCS):
            assert part is not None
            assert self._window is not None
            try:
                yield from self._plain_blocks(_MP3_BLOCK_FRAMES, is_rescued=True)
            except MalformedAudioError:
                if self._window.furthest == 0:
                    raise
            part = self._resumed(part, part.start + self._window.furthest)
            if part is None:
                return
        raise MalformedAudioError(
            f"the MP3 is damaged in more than {_MAX_RESYNCS} places",
            format=str(self._form),
            fix="Get a whole copy of the file.",
        )

    def _resumed(self, part: OggLink, position: int) -> OggLink | None:
        """Open behind the damage at a position; `None` when nothing intact follows."""
        for _ in range(_MAX_RESYNCS):
            if part.end - position <= _UNREAD_BYTES:
                return None
            start = next_mp3_frame(self._file, position, sample_rate=self.sample_rate)
            if start is None:
                return None
            try:
                rest = replace(part, start=start)
                self._open(rest)
                self._check_link()
            except (MalformedAudioError, UnsupportedFormatError):
                position = start + 1
            else:
                return rest
        return None


def _forward_reader() -> Any:
    """A `SoundFile` that is read from front to back only.

    The library's own seeks after each read, to where it already is, and stops at the length that
    the header claims.
    """
    import soundfile

    class ForwardReader(soundfile.SoundFile):  # type: ignore[misc]  # the package has no types
        def seekable(self) -> bool:
            return False

    return ForwardReader


def _block_buffer(channels: int, block_frames: int) -> Samples:
    frames = max(1, min(block_frames, _BLOCK_SAMPLES // channels))
    return np.empty((frames, channels), np.float32)


def _widened(block: Samples, channels: int) -> Samples:
    """Mono as several equal channels; a narrower link gets silent channels otherwise."""
    if block.shape[1] == 1:
        return np.repeat(block, channels, axis=1)
    wide = np.zeros((len(block), channels), np.float32)
    wide[:, : block.shape[1]] = block
    return wide
