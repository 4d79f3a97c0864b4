"""Translates what FFmpeg complains of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ossicle.audio import AudioFormat
from ossicle.errors import (
    DependencyMissingError,
    MalformedAudioError,
    OssicleError,
    UnsupportedFormatError,
)


@contextmanager
def translated(form: AudioFormat, *, doing: str) -> Iterator[None]:
    """Turns FFmpeg's errors into ours.

    PyAV lets out eleven kinds, plain `IndexError`, `ValueError` and `UnicodeDecodeError` among
    them (seen in 29,288 mutated files).

    Args:
        form: What is read or written.
        doing: What was being done, such as `"open"`.

    Raises:
        MalformedAudioError: The bytes are not what FFmpeg takes.
        UnsupportedFormatError: A variant that it does not know, or cannot write.
        DependencyMissingError: PyAV is not there.
    """
    try:
        from av.error import (
            DecoderNotFoundError,
            EncoderNotFoundError,
            FFmpegError,
            PatchWelcomeError,
        )
    except ImportError as error:
        raise DependencyMissingError(
            f"{form.container}/{form.encoding} needs PyAV", package="av", extra="av"
        ) from error
    unknown = (DecoderNotFoundError, EncoderNotFoundError, PatchWelcomeError)
    try:
        yield
    except OssicleError:
        raise
    except (FFmpegError, LookupError, ValueError, RuntimeError, OSError) as error:
        what = f"FFmpeg could not {doing} this {form.container}/{form.encoding}: {_words(error)}"
        if isinstance(error, (*unknown, NotImplementedError)) or doing in ("begin", "write"):
            raise UnsupportedFormatError(
                what, format=str(form), fix="Convert it to WAV or FLAC with another tool."
            ) from error
        raise MalformedAudioError(
            what, format=str(form), fix="Check that the file is whole, or export it again."
        ) from error


def _words(error: Exception) -> str:
    text = getattr(error, "strerror", None)
    return str(text) if text else type(error).__name__
