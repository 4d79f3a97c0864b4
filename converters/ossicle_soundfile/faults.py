"""Translates what libsndfile complains of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ossicle.audio import AudioFormat
from ossicle.errors import (
    AudioError,
    DependencyMissingError,
    MalformedAudioError,
    OssicleError,
    UnsupportedFormatError,
)

_UNSUPPORTED_ENCODING = 4
_UNIMPLEMENTED = 18
"""Source: sndfile.h `SF_ERR_UNSUPPORTED_ENCODING` and common.h `SFE_UNIMPLEMENTED`."""


def library_missing(error: ImportError) -> DependencyMissingError:
    """The error for a machine on which soundfile cannot be imported."""
    return DependencyMissingError(
        f"soundfile cannot be imported: {error}",
        package="soundfile",
        fix="Install it with: pip install soundfile; some systems also need libsndfile.",
    )


@contextmanager
def translated(form: AudioFormat, *, doing: str) -> Iterator[None]:
    """Turns libsndfile's errors into ours.

    Args:
        form: What is read or written.
        doing: What was being done, such as `"open"`.

    Raises:
        MalformedAudioError: The bytes are not what libsndfile takes.
        UnsupportedFormatError: A variant that libsndfile knows and does not do.
        DependencyMissingError: The library is not there.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the native library does not load
        raise library_missing(ImportError(str(error))) from error
    try:
        yield
    except soundfile.LibsndfileError as error:
        raise _translate(error.code, error.error_string, form, doing) from error
    except (soundfile.SoundFileError, AssertionError, TypeError, ValueError) as error:
        # The assertion is soundfile's: fewer frames were written than given.
        if isinstance(error, OssicleError):
            raise
        raise _translate(0, str(error), form, doing) from error


def _translate(code: int, text: str, form: AudioFormat, doing: str) -> AudioError:
    what = f"libsndfile could not {doing} this {form.container}/{form.encoding}: {text.strip()}"
    if code in (_UNSUPPORTED_ENCODING, _UNIMPLEMENTED) or doing in ("write", "begin"):
        return UnsupportedFormatError(
            what,
            format=str(form),
            extra="av",
            fix='Install a converter that may know it: pip install "ossicle[av]"',
        )
    return MalformedAudioError(
        what, format=str(form), fix="Check that the file is whole, or export it again."
    )
