"""Lines that somebody writes while they could also speak."""

from __future__ import annotations

import codecs
import io
import os
import queue
import sys
import threading
from collections.abc import Callable


class TypedLines:
    """Reads standard input beside everything else.

    Args:
        read: Gives more bytes, none at the end; `None`: from standard input.
        is_terminal: Whether a person writes, who ends the talk by ending the input; a file or a
            program that has nothing more to say does not. `None`: as standard input is.
    """

    def __init__(
        self, *, read: Callable[[], bytes] | None = None, is_terminal: bool | None = None
    ) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._is_terminal = sys.stdin.isatty() if is_terminal is None else is_terminal
        self._is_over = False
        read = read or _standard_input()
        if read is not None:
            threading.Thread(
                target=self._follow, args=(read,), name="ossicle-typed", daemon=True
            ).start()

    @property
    def is_over(self) -> bool:
        """Whether a person has ended the input, and everything before was taken."""
        return self._is_over

    def next(self) -> str | None:
        """The next line without its end, or `None` while there is none; never waits."""
        try:
            line = self._lines.get_nowait()
        except queue.Empty:
            return None
        self._is_over = line is None and self._is_terminal
        return line

    def _follow(self, read: Callable[[], bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rest = ""
        while data := read():
            *lines, rest = (rest + decoder.decode(data)).split("\n")
            for line in lines:
                self._lines.put(line.removesuffix("\r"))
        if rest:
            self._lines.put(rest)
        self._lines.put(None)


def _standard_input() -> Callable[[], bytes] | None:
    """Reads what is there without Python's own buffer.

    A thread that waits inside that buffer holds its lock, and Python cannot end.
    """
    try:
        number = sys.stdin.fileno()
    except (io.UnsupportedOperation, ValueError, AttributeError):  # replaced, or closed
        return None

    def read() -> bytes:
        try:
            return os.read(number, 1 << 12)
        except OSError:
            return b""

    return read
