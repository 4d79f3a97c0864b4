"""Lines that somebody writes: whole, in order, however they come."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ossicle_cli.live.typed import TypedLines


def reader(pieces: list[bytes]) -> Callable[[], bytes]:
    waiting: Iterator[bytes] = iter([*(piece for piece in pieces if piece), b""])
    return lambda: next(waiting, b"")


def taken(lines: TypedLines, count: int) -> list[str | None]:
    """As many answers as are waited for, within five seconds."""
    found: list[str | None] = []
    until = time.monotonic() + 5.0
    while len(found) < count and time.monotonic() < until:
        line = lines.next()
        if line is not None:
            found.append(line)
        else:
            time.sleep(0.001)
    return found


@given(
    written=st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"))),
    places=st.lists(st.integers(0, 200)),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_lines_come_whole_however_they_are_cut(
    written: list[str], places: list[int], end: str
) -> None:
    data = "".join(line + end for line in written).encode()
    borders = sorted({0, len(data), *(place for place in places if place < len(data))})
    pieces = [data[start:stop] for start, stop in pairwise(borders)]
    lines = TypedLines(read=reader(pieces), is_terminal=False)
    assert taken(lines, len(written)) == written
    assert lines.next() is None
    assert not lines.is_over


def test_the_end_of_a_persons_input_ends_it_after_the_last_line() -> None:
    lines = TypedLines(read=reader([b"one\nlast"]), is_terminal=True)
    assert taken(lines, 2) == ["one", "last"]
    until = time.monotonic() + 5.0
    while not lines.is_over and time.monotonic() < until:
        assert lines.next() is None
    assert lines.is_over


def test_asking_never_waits() -> None:
    release = threading.Event()

    def read() -> bytes:
        release.wait(5.0)
        return b""

    lines = TypedLines(read=read, is_terminal=True)
    began = time.monotonic()
    assert lines.next() is None
    assert not lines.is_over
    assert time.monotonic() - began < 1.0
    release.set()


def test_standard_input_is_read_as_it_is(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import sys

    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        lines = TypedLines()
        os.write(writing, "grüße\n".encode())
        assert taken(lines, 1) == ["grüße"]
        os.close(writing)
        assert lines.next() is None
        assert not lines.is_over  # no person was there
