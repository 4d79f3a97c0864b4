"""Pieces add up to the whole, and the mean cuts are among them."""

from __future__ import annotations

import re
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.strategies.finding import simplest

from ossicle_testing.strategies import (
    chunkings,
    midsample_splittings,
    splittings,
    sse_splittings,
)


@settings(deadline=None)
@given(st.data(), st.integers(0, 50), st.booleans())
def test_chunks_add_up(data: st.DataObject, total: int, allow_empty: bool) -> None:
    sizes = data.draw(chunkings(total, max_chunks=5, allow_empty=allow_empty))
    assert sum(sizes) == total
    assert 1 <= len(sizes) <= 5
    assert allow_empty or total == 0 or all(size > 0 for size in sizes)


def test_chunkings_cover_one_piece_empty_pieces_and_single_frames() -> None:
    assert simplest(chunkings(10), lambda sizes: True) == (10,)
    assert 0 in simplest(chunkings(10), lambda sizes: 0 in sizes)
    assert simplest(chunkings(3), lambda sizes: sizes == (1, 1, 1))


@settings(deadline=None)
@given(st.data(), st.binary(max_size=60))
def test_pieces_join_to_the_whole(data: st.DataObject, whole: bytes) -> None:
    assert b"".join(data.draw(splittings(whole))) == whole


@settings(deadline=None)
@given(st.data(), st.integers(2, 8), st.integers(2, 60))
def test_one_cut_is_inside_a_frame(data: st.DataObject, frame_width: int, n_bytes: int) -> None:
    whole = bytes(range(n_bytes))
    pieces = data.draw(midsample_splittings(whole, frame_width=frame_width))
    assert b"".join(pieces) == whole
    ends = list(accumulate(map(len, pieces)))[:-1]
    assert any(end % frame_width for end in ends)


def test_what_has_no_inside_is_refused() -> None:
    with pytest.raises(ValueError, match="inside"):
        midsample_splittings(b"abcd", frame_width=1)


def parsed(stream: bytes) -> list[str]:
    """The data of each event, by the letter of the standard."""
    events: list[str] = []
    lines: list[str] = []
    for line in re.split(r"\r\n|\r|\n", stream.decode()):
        if line == "":
            events += ["\n".join(lines)] if lines else []
            lines = []
        elif line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
    return events


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.text("a \r\n", max_size=6)


@settings(deadline=None)
@given(st.data(), st.lists(texts, max_size=4))
def test_events_come_back_from_any_stream(data: st.DataObject, events: list[str]) -> None:
    pieces = data.draw(sse_splittings(events))
    assert parsed(b"".join(pieces)) == [re.sub("\r\n?", "\n", event) for event in events]


def test_every_kind_of_line_break_makes_two_fields() -> None:
    for text in ("a\rb", "a\r\nb", "a\nb"):
        stream = b"".join(simplest(sse_splittings([text]), lambda pieces: True))
        assert stream == b"data: a\ndata: b\n\n"


def test_streams_cover_cuts_inside_characters_and_line_ends() -> None:
    events = ["ü", "x"]
    assert simplest(sse_splittings(events), lambda pieces: any(p.endswith(b"\xc3") for p in pieces))
    assert simplest(
        sse_splittings(events), lambda pieces: any(p.startswith(b"\n") for p in pieces[1:])
    )
    assert simplest(sse_splittings(events), lambda pieces: b": keep-alive" in b"".join(pieces))
