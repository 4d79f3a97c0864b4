from __future__ import annotations

import pytest
from hypothesis import given

from ossicle.errors import InvalidReplyError
from ossicle_gemini.sse import EventParser
from ossicle_testing.strategies import splittings

STREAM = (
    b'\xef\xbb\xbf: hello\r\ndata: {"a":1}\r\n\r\n'
    b"event: x\nid: 3\ndata: {\ndata:\ndata: }\n\n"
    b"data: \xc3\xa9\r\rdata: cut off"
)
EVENTS = ['{"a":1}', "{\n\n}", "é"]


def events(*pieces: bytes, most: int = 1000) -> list[str]:
    parser = EventParser(max_event_bytes=most)
    return [event for piece in pieces for event in parser.feed(piece)]


@given(splittings(STREAM))
def test_any_cut_gives_the_same_events(pieces: tuple[bytes, ...]) -> None:
    assert events(*pieces) == EVENTS
    assert events(*(bytes([byte]) for byte in STREAM)) == EVENTS


def test_bounds_and_bytes_that_are_no_text() -> None:
    with pytest.raises(InvalidReplyError, match="longer"):
        events(b"data: " + b"x" * 50, most=40)
    with pytest.raises(InvalidReplyError, match="UTF-8"):
        events(b"data: \xff\n\n")
    assert events(b": comment\n" * 100, most=40) == []
