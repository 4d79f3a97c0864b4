"""Where things are cut: blocks of frames, chunks of bytes, pieces of an event stream."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from hypothesis import strategies as st

_LINE_END = re.compile(r"\r\n|\r|\n")
Sliced = TypeVar("Sliced", bytes, str)


def chunkings(
    total: int, *, max_chunks: int = 16, allow_empty: bool = True
) -> st.SearchStrategy[tuple[int, ...]]:
    """Lengths that add up to `total`; the simplest is one piece.

    Args:
        total: Sum of all lengths, 0 or more.
        max_chunks: At most so many pieces.
        allow_empty: Whether a piece may have the length 0.
    """
    if total < 2 and not allow_empty:
        return st.just((total,))
    least, most = (0, total) if allow_empty else (1, total - 1)
    cuts = st.lists(st.integers(least, most), max_size=max_chunks - 1, unique=not allow_empty)
    return cuts.map(lambda cuts: _lengths(sorted(cuts), total))


def _lengths(cuts: Sequence[int], total: int) -> tuple[int, ...]:
    return tuple(end - start for start, end in pairwise((0, *cuts, total)))


def splittings(data: Sliced, *, max_chunks: int = 16) -> st.SearchStrategy[tuple[Sliced, ...]]:
    """The same bytes or text in pieces, empty ones among them; joined they are what was given."""
    return chunkings(len(data), max_chunks=max_chunks).map(lambda sizes: _pieces(data, sizes))


def midsample_splittings(
    data: bytes, *, frame_width: int, max_chunks: int = 16
) -> st.SearchStrategy[tuple[bytes, ...]]:
    """Raw samples in pieces of which at least one ends inside a frame.

    Args:
        data: Raw samples, longer than one frame.
        frame_width: Bytes per frame, at least 2.
        max_chunks: At most so many pieces, at least 2.
    """
    if frame_width < 2 or len(data) < 2:
        raise ValueError(f"{len(data)} bytes in frames of {frame_width} cannot be cut inside one")
    inside = st.integers(1, len(data) - 1).filter(lambda cut: cut % frame_width)
    others = st.lists(st.integers(0, len(data)), max_size=max(0, max_chunks - 2))
    return st.tuples(inside, others).map(
        lambda cuts: _pieces(data, _lengths(sorted([cuts[0], *cuts[1]]), len(data)))
    )


def _pieces(data: Sliced, sizes: Sequence[int]) -> tuple[Sliced, ...]:
    pieces: list[Sliced] = []
    start = 0
    for size in sizes:
        pieces.append(data[start : start + size])
        start += size
    return tuple(pieces)


@st.composite
def sse_splittings(
    draw: st.DrawFn, events: Sequence[str], *, max_chunks: int = 16
) -> tuple[bytes, ...]:
    r"""An event stream with these `data` fields, as a server may write and a network cut it.

    Line ends of all three kinds, comments, unknown fields, a space after the colon or none, several
    `data` lines where the text has several, and cuts anywhere, also inside a character and between
    `\r` and `\n`.

    Args:
        draw: Given by Hypothesis.
        events: The data of each event; a line break of any kind in it makes two fields, which a
            parser joins by a line feed.
        max_chunks: At most so many pieces.

    Source: WHATWG HTML, 9.2.6 "Interpreting an event stream".
    """
    end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    colon = draw(st.sampled_from(("data: ", "data:")))
    noise = st.sampled_from(("", f": keep-alive{end}", f"id: 7{end}", f"retry: 10{end}"))
    text = ""
    for event in events:
        text += draw(noise)
        # One leading space is the separator's, so a text that begins with one needs it.
        text += "".join(
            f"{'data: ' if line.startswith(' ') else colon}{line}{end}"
            for line in _LINE_END.split(event)
        )
        text += end
    return draw(splittings(text.encode(), max_chunks=max_chunks))
