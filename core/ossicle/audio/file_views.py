"""File objects for native libraries: nameless, bounded, and never raising into C."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from ossicle.audio.containers.id3 import skip_leading_tags, trailing_tags_start
from ossicle.audio.containers.source import Source
from ossicle.errors import FileAccessError

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ossicle.audio.facts import AudioFacts


def untagged_span(file: BinaryIO, facts: AudioFacts) -> tuple[int, int]:
    """First byte of a clip's audio, and the one behind its last: ID3, APE and Lyrics3 cut off.

    Tags are not for native code: 40,000 of them keep FFmpeg busy for 23 s and libsndfile for 5.

    Args:
        file: The clip's bytes; left at an arbitrary position.
        facts: Of the same clip.
    """
    source = Source(file, facts.n_bytes)
    start = skip_leading_tags(source)
    if facts.format.container not in ("mp3", "adts"):
        return start, facts.n_bytes
    return start, trailing_tags_start(source, start)


class ByteWindow:
    """A part of a seekable file, read as if it were the whole.

    It has no name that a library could believe. An error of the file system is kept in `failure`
    and looks like the end of the file, because an exception cannot pass through C.

    Args:
        file: A seekable binary file; only `close` closes it.
        start: First byte that belongs to the window.
        end: First byte that does not; `None` for the end of the file.
    """

    __slots__ = ("_end", "_file", "_position", "_start", "failure", "furthest")

    def __init__(self, file: BinaryIO, *, start: int = 0, end: int | None = None) -> None:
        size = file.seek(0, io.SEEK_END)
        self._file = file
        self._start = min(max(0, start), size)
        self._end = size if end is None else max(self._start, min(end, size))
        self._position = 0
        self.failure: OSError | None = None
        self.furthest = 0
        """Offset behind the last byte that was read most recently."""

    def __len__(self) -> int:
        """Bytes in the window."""
        return self._end - self._start

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes from the current position; all that is left when negative."""
        left = max(0, len(self) - self._position)
        size = left if size < 0 else min(size, left)
        try:
            self._file.seek(self._start + self._position)
            data = self._file.read(size)
        except OSError as error:
            self.failure = error
            return b""
        self._position += len(data)
        if data:
            self.furthest = self._position
        return data

    def readinto(self, buffer: Buffer) -> int:
        """Fill a writable buffer as far as the window reaches."""
        view = memoryview(buffer)
        data = self.read(view.nbytes)
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; a position before the start is the start."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self)}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Position from the start of the window."""
        return self._position

    def close(self) -> None:
        """Close the file; twice is harmless."""
        self._file.close()

    def check(self) -> None:
        """Raise what the file system had to say.

        Raises:
            FileAccessError: Reading failed.
        """
        if self.failure is not None:
            raise FileAccessError(
                f"cannot read the audio file: {self.failure.strerror}",
                fix="Check the file system.",
            ) from self.failure


class SinkWindow:
    """What a native library may write to: a sink from its present position on, without a name.

    An error of the file system is kept in `failure`, because an exception cannot pass through C.

    Args:
        sink: A writable binary file; left open. It has to be seekable for `seek` to work.
    """

    __slots__ = ("_base", "_position", "_sink", "failure")

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._base = sink.tell() if sink.seekable() else 0
        self._position = 0
        self.failure: OSError | None = None

    def write(self, data: Buffer) -> int:
        """Write all bytes; 0 after a failure."""
        if self.failure is not None:
            return 0
        size = memoryview(data).nbytes
        try:
            self._sink.write(data)
        except OSError as error:
            self.failure = error
            return 0
        self._position += size
        return size

    def tell(self) -> int:
        """Position from where the sink stood."""
        return self._position

    def check(self) -> None:
        """Raise what the file system had to say.

        Raises:
            FileAccessError: Writing failed.
        """
        if self.failure is not None:
            raise FileAccessError(
                f"cannot write the audio: {self.failure.strerror or self.failure}",
                fix="Check that the target is writable and has room.",
            ) from self.failure


class SeekableSink(SinkWindow):
    """A `SinkWindow` that can go back; a class of its own since libraries ask for the method."""

    __slots__ = ()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within what was written here."""
        if whence == io.SEEK_END:
            end = self._sink.seek(0, io.SEEK_END) - self._base
            position = max(0, end + offset)
        else:
            position = max(0, offset + (self._position if whence == io.SEEK_CUR else 0))
        self._sink.seek(self._base + position)
        self._position = position
        return position
