"""Files that a person named on the command line."""

from __future__ import annotations

import contextlib
import errno
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ossicle.audio.file_objects import read_to_end
from ossicle.errors import ConfigurationError, FileAccessError
from ossicle.intake import DEFAULT, IntakeLimits, load

if TYPE_CHECKING:
    from ossicle.audio import AudioClip

_COPY_BYTES = 1 << 20


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


def call_source(name: str) -> Path | bytes:
    """The audio of a call: a path, or the bytes of standard input for `-`.

    Standard input is read here and not where the call runs, so that an interrupt ends the waiting.

    Raises:
        ConfigurationError: It is an address; nothing is fetched.
    """
    if name != "-":
        return path_source(name)
    return read_to_end(sys.stdin.buffer, max_bytes=DEFAULT.encoded_bytes)


@contextlib.contextmanager
def opened_clip(name: str, *, limits: IntakeLimits) -> Iterator[AudioClip]:
    """The clip of a path, or of standard input for `-`, which is kept in a temporary file.

    Raises:
        AudioLimitError: It is beyond the limits.
        FileAccessError: It cannot be read.
        MalformedAudioError: It is not audio that ossicle knows.
    """
    if name != "-":
        yield load(path_source(name), limits=limits)
        return
    with tempfile.TemporaryDirectory(prefix="ossicle-") as folder:
        path = Path(folder) / "input"
        _keep_input(path, limits.encoded_bytes)
        yield load(path, limits=limits)


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
