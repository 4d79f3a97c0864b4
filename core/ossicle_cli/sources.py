"""Files that a person named on the command line."""

from __future__ import annotations

import contextlib
import errno
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ossicle import load
from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import ConfigurationError, FileAccessError
from ossicle.intake import DEFAULT, TRUSTED, IntakeLimits

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReading:
    """How a person said that input has to be read.

    Attributes:
        form: Of headerless audio; `None` for audio that says itself what it is.
        track: Which audio track; `None` for the first.
    """

    form: AudioFormat | None = None
    track: int | None = None


AS_IT_IS = InputReading()


def path_source(name: str) -> Path:
    """The source that a path names.

    Raises:
        ConfigurationError: It is an address; nothing is fetched.
    """
    if "://" in name:
        raise ConfigurationError(
            f"{name!r} is an address, and ossicle fetches nothing", fix="Download it first."
        )
    return Path(name)


def call_source(name: str, reading: InputReading = AS_IT_IS) -> Path | bytes | AudioClip:
    """The audio of a call: a path, or the bytes of standard input for `-`.

    Args:
        name: As a person wrote it.
        reading: What else that person said of it.

    Standard input is read here and not where the call runs, so that an interrupt ends the waiting.

    Raises:
        ConfigurationError: It is an address; nothing is fetched.
    """
    source: Path | bytes
    if name == "-":
        from ossicle.audio import read_to_end

        source = read_to_end(sys.stdin.buffer, max_bytes=DEFAULT.encoded_bytes)
    else:
        source = path_source(name)
    return _clip(source, reading)


@contextlib.contextmanager
def opened_clip(
    name: str, *, limits: IntakeLimits, reading: InputReading = AS_IT_IS
) -> Iterator[AudioClip]:
    """The clip of a path, or of standard input for `-`, which is kept in a temporary file.

    Args:
        name: As a person wrote it.
        limits: For what comes in.
        reading: What else that person said of it.

    Raises:
        AudioLimitError: It is beyond the limits.
        FileAccessError: It cannot be read.
        MalformedAudioError: It is not audio that ossicle knows.
    """
    if name != "-":
        yield load(_clip(path_source(name), reading), limits=limits)
        return
    with tempfile.TemporaryDirectory(prefix="ossicle-") as folder:
        path = Path(folder) / "input"
        _keep_input(path, limits.encoded_bytes)
        yield load(_clip(path, reading), limits=limits)


def _clip(source: Path | bytes, reading: InputReading) -> Path | bytes | AudioClip:
    if reading.form is not None:
        return AudioClip.from_raw(source, reading.form)
    if reading.track is None:
        return source
    return load(source, track=reading.track, limits=TRUSTED)


def _keep_input(path: Path, max_bytes: int) -> None:
    source: Any = sys.stdin.buffer
    left = max_bytes + 1  # one more, so that `load` sees that it is too much
    try:
        with path.open("xb") as file:
            while left > 0 and (piece := source.read(min(left, _COPY_BYTES))) != b"":
                if piece is None:
                    raise BlockingIOError(errno.EAGAIN, "it does not block")
                file.write(piece)
                left -= len(piece)
    except OSError as error:
        raise FileAccessError(
            f"cannot keep standard input: {error.strerror}", fix="Give a file instead."
        ) from error
