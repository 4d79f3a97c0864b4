import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.errors import InvalidReplyError
from ossicle.rest import DONE, EventParser, Failures
from ossicle_testing.strategies import splittings

FAILURES = Failures(provider="any")


def events_of(*pieces: bytes, max_event_bytes: int = 1 << 20) -> list[str]:
    parser = EventParser(failures=FAILURES, max_event_bytes=max_event_bytes)
    return [event for piece in pieces for event in parser.feed(piece)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_end_with_an_empty_line_in_any_style(end: str) -> None:
    body = f"data: one{end}{end}: comment{end}data: two{end}data:three{end}{end}".encode()
    found = events_of(body, b"\n") if end == "\r" else events_of(body)
    assert found == ["one", "two\nthree"]


def test_comments_and_other_fields_are_no_events() -> None:
    assert events_of(b": ping\n\nevent: x\nid: 3\nretry: 9\n\ndata: a\n\n") == ["a"]


def test_a_byte_order_mark_at_the_start_is_skipped() -> None:
    assert events_of(b"\xef\xbb\xbfdata: a\n\n") == ["a"]


def test_an_event_cut_by_the_end_is_dropped() -> None:
    parser = EventParser(failures=FAILURES, max_event_bytes=100)
    assert list(parser.feed(b"data: a\n\ndata: b")) == ["a"]
    assert parser.has_partial
    assert parser.end() is None


def test_the_end_mark_counts_without_its_empty_line() -> None:
    for tail in (b"data: [DONE]", b"data: [DONE]\n"):
        parser = EventParser(failures=FAILURES, max_event_bytes=100)
        assert list(parser.feed(tail)) == []
        assert parser.end() == DONE


def test_broken_utf8_is_a_typed_error() -> None:
    with pytest.raises(InvalidReplyError, match="UTF-8"):
        events_of(b"data: \xff\xfe\n\n")


def test_an_event_of_eight_mebibytes_passes_and_a_longer_one_is_refused() -> None:
    long = b"data: " + b"x" * (8 << 20)
    assert len(events_of(long[:100], long[100:], b"\n\n", max_event_bytes=9 << 20)[0]) == 8 << 20
    with pytest.raises(InvalidReplyError, match="longer than"):
        events_of(long, max_event_bytes=8 << 20)


def test_many_lines_do_not_escape_the_bound() -> None:
    with pytest.raises(InvalidReplyError, match="longer than"):
        events_of(*[b"data: 0123456789\n"] * 20, max_event_bytes=100)


def test_endless_comments_take_no_memory() -> None:
    assert events_of(*[b": keep alive\n\n"] * 1000, max_event_bytes=64) == []


@settings(deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=5),
    end=st.sampled_from(["\n", "\r\n"]),
    data=st.data(),
)
def test_any_cut_of_the_bytes_gives_the_same_events(
    texts: list[str], end: str, data: st.DataObject
) -> None:
    values = [json.dumps(text, ensure_ascii=False) for text in texts]
    # U+2028 and friends are no line ends in an event stream.
    body = "".join(f": c{end}data: {value}{end}data: .{end}{end}" for value in values).encode()
    pieces = data.draw(splittings(body))
    assert events_of(*pieces) == [f"{value}\n." for value in values] == events_of(body)
    assert events_of(*(bytes([byte]) for byte in body)) == events_of(body)
