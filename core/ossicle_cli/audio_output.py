"""Where a command's audio goes: checked before anything is sent, written all or nothing."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from ossicle.audio import OUTPUT_FORMATS, AudioClip, atomic_writer, format_of_path, repair_wav
from ossicle.errors import UnsupportedFormatError

STANDARD = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A file or standard output, and the format that is written there.

    Attributes:
        path: The file, or `None` for standard output.
        format: Short name of the audio format.
    """

    path: Path | None
    format: str

    @property
    def name(self) -> str | None:
        """The path as the user wrote it, or `None` for standard output."""
        return None if self.path is None else str(self.path)


def destination(out: str, *, format: str | None = None) -> Destination:
    """Where `--out` and `--format` lead.

    Args:
        out: A path, or `-`.
        format: A short name; `None` takes it from the path's extension, and WAV for `-`.

    Raises:
        UnsupportedFormatError: No such format, or no extension that says one.
    """
    if format is not None:
        check_format(format)
    if out == STANDARD:
        if sys.stdout.isatty():
            raise click.UsageError(
                "Audio would go to your terminal; send standard output to a file or a program."
            )
        return Destination(path=None, format=format or "wav")
    path = Path(out)
    return Destination(path=path, format=format or format_of_path(path, option="--format"))


def check_format(format: str) -> None:
    """Refuse what nobody writes.

    Raises:
        UnsupportedFormatError: No such format.
    """
    if format not in OUTPUT_FORMATS:
        raise UnsupportedFormatError(
            f"unknown audio format {format!r}",
            format=format,
            fix=f"Use one of {', '.join(OUTPUT_FORMATS)}.",
        )


class AudioSink:
    """Takes the bytes of one encoded piece of audio, in slices or at once.

    Args:
        file: Where they go; a writer that needs a whole file may write to it directly.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    @property
    def n_bytes(self) -> int:
        """How many bytes there are."""
        if self.file.seekable():
            self.file.seek(0, io.SEEK_END)
        return self.file.tell()

    def write(self, data: bytes) -> None:
        """Append a slice and hand it on at once."""
        self.file.write(data)
        self.file.flush()

    def put(self, clip: AudioClip) -> None:
        """Write a whole clip."""
        with clip.open() as source:
            while piece := source.read(1 << 20):
                self.write(piece)

    def settle(self, clip: AudioClip) -> None:
        """After slices: put true sizes into a WAV header that had none, where the file allows."""
        if "sizes_unknown" not in clip.facts.notes or not self.file.seekable():
            return
        repaired = repair_wav(clip.read_bytes(), clip.facts)
        self.file.seek(0)
        self.file.write(repaired)
        self.file.truncate()


class _Nothing(Exception):  # noqa: N818 - not an error
    """Nothing was written: the temporary file vanishes and what was there before stays."""


@contextlib.contextmanager
def opened(target: Destination | None) -> Iterator[AudioSink | None]:
    """A sink for the destination; the file takes its place when the block ends well.

    Opened before a call is sent, it finds out that the folder is missing, full or read-only while
    nothing was paid yet.

    Raises:
        FileAccessError: The file cannot be written.
    """
    if target is None:
        yield None
        return
    if target.path is None:
        yield AudioSink(_standard_output())
        return
    with contextlib.suppress(_Nothing), atomic_writer(target.path.absolute()) as file:
        sink = AudioSink(file if file.seekable() else _Unseekable(file))  # type: ignore[arg-type]
        yield sink
        if sink.n_bytes == 0:
            raise _Nothing


def _standard_output() -> BinaryIO:
    """Bytes to standard output, never seekable: what is behind it may be a file in mid-use."""
    return _Unseekable(sys.stdout.buffer)  # type: ignore[return-value]  # as much as writers use


class _Unseekable(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._n_bytes = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all we write
        self._file.write(data)
        self._n_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self._n_bytes

    def flush(self) -> None:
        self._file.flush()

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Standard output stays open."""
