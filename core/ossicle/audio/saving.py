"""Writing a file all or nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from typing import TYPE_CHECKING, BinaryIO

from ossicle.audio.format import Container, OutputFormat
from ossicle.errors import FileAccessError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BY_EXTENSION: dict[str, tuple[OutputFormat, Container]] = {
    "wav": ("wav", "wav"), "wave": ("wav", "wav"), "mp3": ("mp3", "mp3"), "flac": ("flac", "flac"),
    "opus": ("opus", "ogg"), "ogg": ("opus", "ogg"), "oga": ("opus", "ogg"), "aac": ("aac", "adts"),
    "pcm": ("pcm16", "raw"), "raw": ("pcm16", "raw"), "m4a": ("m4a", "mp4"), "mp4": ("m4a", "mp4"),
    "m4b": ("m4a", "mp4"), "webm": ("webm", "matroska"), "mka": ("webm", "matroska"),
    "caf": ("caf", "caf"), "aif": ("aiff", "aiff"), "aiff": ("aiff", "aiff"), "au": ("au", "au"),
}  # fmt: skip
"""What is written to a file of this extension, and the container that it may hold already."""

_READ_ONLY: dict[str, Container] = {
    "amr": "amr", "awb": "amr", "wma": "asf", "ac3": "ac3", "voc": "voc", "w64": "w64",
}  # fmt: skip
"""Extensions of containers that no name asks for."""


def format_of_path(path: Path, *, option: str = "format=") -> OutputFormat:
    """The short name of the audio format that a file of this name holds.

    Args:
        path: It need not be there.
        option: How the caller may say the format instead, for the message.

    Raises:
        UnsupportedFormatError: The extension says no format that can be written.
    """
    extension = _extension(path)
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension][0]
    what = f"the extension {path.suffix!r}" if extension else f"{path.name!r}"
    said = "a format that ossicle writes" if extension in _READ_ONLY else "an audio format"
    raise UnsupportedFormatError(
        f"{what} does not say {said}",
        format=extension or None,
        fix=f"Name the file with one of {', '.join(sorted(_BY_EXTENSION))}, or give {option}.",
    )


def contradicts(path: Path, container: Container) -> bool:
    """Whether a file's extension says another kind of audio than its content would be.

    An extension that says no kind of audio contradicts nothing.
    """
    extension = _extension(path)
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension][1] != container
    return _READ_ONLY.get(extension, container) != container


def _extension(path: Path) -> str:
    return path.suffix.removeprefix(".").lower()


@contextlib.contextmanager
def atomic_writer(target: Path) -> Iterator[BinaryIO]:
    """A binary file that becomes `target` when the block ends well, and vanishes when it does not.

    A file that was there keeps its rights. A device or a named pipe is written to as it stands:
    it holds nothing that could be lost, and putting a file in its place would destroy it.

    Raises:
        FileAccessError: The folder is missing, not writable, or full, or the file is read-only.
    """
    with _naming(target):
        if not target.exists():
            with _replacing(target, keeps_rights=False) as file:
                yield file
        elif target.is_file():
            if not os.access(target, os.W_OK):
                raise FileAccessError(
                    f"cannot write {target.name!r}: it is read-only",
                    fix="Choose another name, or make the file writable.",
                )
            with _replacing(target, keeps_rights=True) as file:
                yield file
        elif target.is_dir():
            raise FileAccessError(
                f"cannot write to {target.name!r}: it is a folder", fix="Give the name of a file."
            )
        else:
            with target.open("wb") as file:
                yield file


@contextlib.contextmanager
def _replacing(target: Path, *, keeps_rights: bool) -> Iterator[BinaryIO]:
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123 - exclusive creation, never a symlink
            if keeps_rights:
                shutil.copymode(target, temporary)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Failures of the file system as errors that name the file."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileAccessError):
            raise
        raise FileAccessError(
            f"cannot write {target.name!r}: {error.strerror or error}",
            fix="Check that the folder exists, is writable and has room.",
        ) from error
