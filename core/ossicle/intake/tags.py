"""A clip without the tags around it: native libraries read them slowly, and none is needed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from ossicle.audio import AudioClip, AudioFacts
from ossicle.audio.file_views import ByteWindow, untagged_span

_MPEG = ("mp3", "adts")


def without_tags(clip: AudioClip) -> AudioClip:
    """The clip from behind its ID3v2 and APE tags to before those at its end.

    40 000 tag entries in 751 KB keep FFmpeg busy for 23 seconds, and a compressed one can unfold
    to 256 MB; cut off, they cost nothing. The clip itself is returned where there are none.
    """
    facts = clip.facts
    is_mpeg = facts.format.container in _MPEG
    if not is_mpeg and "id3" not in facts.notes:
        return clip
    with clip.open() as file:
        start, end = untagged_span(file, facts)
    if facts.format.container == "mp3" and facts.data_offset is not None:
        # Padding and broken tags before the first frame are of no use either.
        start = max(start, facts.data_offset)
    if (start, end) == (0, facts.n_bytes):
        return clip
    return _cut(clip, start, end)


def _cut(clip: AudioClip, start: int, end: int) -> AudioClip:
    facts = replace(
        clip.facts,
        n_bytes=end - start,
        data_offset=None if clip.facts.data_offset is None else clip.facts.data_offset - start,
        parts=tuple((offset - start, n_bytes) for offset, n_bytes in clip.facts.parts),
        notes=tuple(note for note in clip.facts.notes if note != "id3"),
    )
    if clip.path is None:
        return AudioClip(clip.read_bytes()[start:end], facts=facts)
    return _PartClip(clip, facts=facts, start=start)


class _PartClip(AudioClip):
    """A clip over a part of another clip's file."""

    __slots__ = ("_start", "_whole")

    def __init__(self, whole: AudioClip, *, facts: AudioFacts, start: int) -> None:
        self.facts = facts
        self._whole, self._start = whole, start
        self._data, self._path, self._stamp = None, None, None

    @property
    def path(self) -> Path | None:
        """`None`: no file holds just this part."""
        return None

    def open(self) -> BinaryIO:
        """A new file object over the part."""
        window = _WindowFile(self._whole.open(), start=self._start, n_bytes=self.n_bytes)
        return cast("BinaryIO", io.BufferedReader(window))

    def read_bytes(self) -> bytes:
        """All bytes of the part."""
        with self.open() as file:
            return file.read()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the whole clip and where the part lies."""
        return _rebuild, (self._whole, self.facts, self._start)


def _rebuild(whole: AudioClip, facts: AudioFacts, start: int) -> AudioClip:
    return _PartClip(whole, facts=facts, start=start)


class _WindowFile(io.RawIOBase):
    """A `ByteWindow` as a file of the standard library's kind."""

    def __init__(self, file: BinaryIO, *, start: int, n_bytes: int) -> None:
        super().__init__()
        self._file = file
        self._window = ByteWindow(file, start=start, end=start + n_bytes)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        n_read = self._window.readinto(buffer)
        self._window.check()
        return n_read

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._window.seek(offset, whence)

    def tell(self) -> int:
        return self._window.tell()

    def close(self) -> None:
        self._file.close()
        super().close()
