from __future__ import annotations

import base64
import itertools
import json

import pytest

from ossicle_testing.vendors import Fault, FaultKind, Pause, Response, corrupt, event, json_response
from ossicle_testing.vendors.http import EVENT_STREAM

DATA = base64.b64encode(bytes(range(256)) * 8).decode()
EVENTS = (
    event({"id": "1", "role": "assistant"}),
    event({"transcript": "Grüße"}),
    event({"data": DATA}),
    event({"transcript": " Welt"}),
    event({"expires_at": 1}),
    event("[DONE]"),
)
STREAM = Response(headers=(("content-type", EVENT_STREAM),), body=EVENTS, executed=True)
WHOLE = json_response({"choices": [1]})
SOUND = Response(headers=(("content-type", "audio/mpeg"),), body=b"\xff\xf3")


def _stream(kind: FaultKind, **fields: object) -> list[bytes]:
    fault = Fault(kind=kind, **fields)  # type: ignore[arg-type]  # by name
    spoiled = corrupt(fault, STREAM)
    assert spoiled is not None
    assert spoiled.executed
    assert not isinstance(spoiled.body, bytes)
    return [item for item in spoiled.body if isinstance(item, bytes)]


def _whole(kind: FaultKind, response: Response = WHOLE) -> Response:
    spoiled = corrupt(Fault(kind=kind), response)
    assert spoiled is not None
    return spoiled


def test_html_instead_of_json() -> None:
    assert _whole(FaultKind.HTML_200).content_type == "text/html"
    assert _whole(FaultKind.HTML_200, STREAM).content_type == "text/html"


def test_nothing_at_all() -> None:
    assert _whole(FaultKind.EMPTY_BODY).body == b""
    assert _whole(FaultKind.EMPTY_BODY, STREAM).body == ()


def test_broken_and_mistyped_json() -> None:
    broken, mistyped = _whole(FaultKind.BROKEN_JSON).body, _whole(FaultKind.WRONG_JSON_TYPE).body
    assert isinstance(broken, bytes)
    assert isinstance(mistyped, bytes)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(broken)
    assert isinstance(json.loads(mistyped), list)


def test_an_error_with_status_200() -> None:
    spoiled = _whole(FaultKind.ERROR_BODY_200)
    assert spoiled.status == 200
    assert isinstance(spoiled.body, bytes)
    assert json.loads(spoiled.body)["error"]["type"] == "server_error"
    assert b'{"error":' in _stream(FaultKind.ERROR_BODY_200)[0]


def test_json_where_a_stream_was_asked() -> None:
    assert _whole(FaultKind.JSON_FOR_STREAM, STREAM).content_type == "application/json"
    assert corrupt(Fault(kind=FaultKind.JSON_FOR_STREAM), WHOLE) is None


def test_nonsense_keeps_its_label() -> None:
    spoiled = _whole(FaultKind.NONSENSE_AUDIO, SOUND)
    assert spoiled.content_type == "audio/mpeg"
    assert isinstance(spoiled.body, bytes)
    assert spoiled.body.startswith(b"This is not audio")


def test_a_request_id_of_somebody_else() -> None:
    spoiled = _whole(FaultKind.WRONG_REQUEST_ID, Response(headers=(("x-request-id", "req_mine"),)))
    assert spoiled.headers == (("x-request-id", "req_of_somebody_else"),)


def test_a_stream_that_just_stops() -> None:
    assert _stream(FaultKind.STREAM_NO_END) == list(EVENTS[:4])


def test_a_cut_inside_base64() -> None:
    events = _stream(FaultKind.STREAM_CUT_IN_BASE64)
    assert events[:2] == list(EVENTS[:2])
    kept = events[2].removeprefix(b'data: {"data":"')
    assert DATA.encode().startswith(kept)
    assert 0 < len(kept) < len(DATA)
    assert len(kept) % 4


def test_a_cut_inside_a_character() -> None:
    events = _stream(FaultKind.STREAM_CUT_IN_UTF8)
    assert events[-1].endswith(b"Gr\xc3")
    with pytest.raises(UnicodeDecodeError):
        events[-1].decode()


def test_an_error_in_the_middle() -> None:
    events = _stream(FaultKind.STREAM_ERROR_EVENT)
    assert events[:-1] == list(EVENTS[:3])
    assert b'"error"' in events[-1]


def test_comments_for_ever() -> None:
    spoiled = corrupt(Fault(kind=FaultKind.STREAM_ONLY_COMMENTS), STREAM)
    assert spoiled is not None
    assert not isinstance(spoiled.body, bytes)
    first = list(itertools.islice(spoiled.body, 100))
    assert {item for item in first if isinstance(item, bytes)} == {b": keep-alive\n\n"}
    assert Pause(seconds=0.02) in first


def test_one_event_twice() -> None:
    events = _stream(FaultKind.STREAM_DUPLICATE)
    assert len(events) == len(EVENTS) + 1
    assert events[3] == events[4] == EVENTS[3]


def test_two_events_in_the_wrong_order() -> None:
    events = _stream(FaultKind.STREAM_OUT_OF_ORDER)
    assert events != list(EVENTS)
    assert sorted(events) == sorted(EVENTS)


def test_a_huge_line_says_the_same() -> None:
    events = _stream(FaultKind.STREAM_HUGE_LINE, n_bytes=5000)
    assert max(map(len, events)) > 5000
    parsed = [json.loads(item[6:]) for item in events[:-1]]
    assert parsed == [json.loads(item[6:]) for item in EVENTS[:-1]]


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind.name.startswith("STREAM_")])
def test_stream_faults_pass_by_what_is_no_stream(kind: FaultKind) -> None:
    assert corrupt(Fault(kind=kind), WHOLE) is None


@pytest.mark.parametrize("kind", FaultKind)
def test_an_error_answer_is_left_alone(kind: FaultKind) -> None:
    assert corrupt(Fault(kind=kind), json_response({}, status=400)) is None
