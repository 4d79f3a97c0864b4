from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.gemini.wire import (
    L16,
    b64,
    fold,
    read_bodies,
    read_stream,
    reader,
    response,
    sse,
)

from ossicle.errors import (
    ContentRefusedError,
    InvalidReplyError,
    OssicleError,
    PermissionRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    StreamIncompleteError,
)
from ossicle.messages import Finished, TextDelta
from ossicle_testing.strategies import splittings

USAGE = {
    "promptTokenCount": 10,
    "candidatesTokenCount": 4,
    "thoughtsTokenCount": 6,
    "totalTokenCount": 20,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 3},
        {"modality": "AUDIO", "tokenCount": 7},
    ],
}
BODIES = [
    response({"text": "Let me think.", "thought": True}),
    response({"text": "Grüß "}),
    response({"text": "Gott"}, {"functionCall": {"name": "look", "args": {"at": "é"}}}),
    response({"inlineData": {"mimeType": L16, "data": b64(b"\x01\x02\x03")}}),
    response({"inlineData": {"mimeType": L16, "data": b64(b"\x04\x05")}}),
    response({"text": ""}, finish="STOP", usageMetadata=USAGE),
]


@given(data=st.data(), end=st.sampled_from(["\n\n", "\r\n\r\n"]))
def test_any_cut_of_a_stream_reads_the_same(data: st.DataObject, end: str) -> None:
    pieces = data.draw(splittings(sse(BODIES, end=end), max_chunks=30))
    reply = fold(read_stream(list(pieces), has_audio=True))
    assert reply.content == "Grüß Gott"
    assert reply.tool_calls[0].parsed() == {"at": "é"}
    assert reply.tool_calls[0].id == "made_0"
    assert reply.finish_reason == "tool_calls"
    assert reply.audio is not None
    assert reply.audio.facts.data_bytes == 4
    assert reply.usage.output_tokens == 10
    assert (reply.usage.input_text_tokens, reply.usage.input_audio_tokens) == (3, 7)


def test_one_whole_answer_reads_like_a_stream() -> None:
    parts = [part for body in BODIES for part in body["candidates"][0]["content"]["parts"]]
    whole = response(*parts, finish="STOP", usageMetadata=USAGE)
    assert fold(read_bodies(whole, has_audio=True)) == fold(read_bodies(*BODIES, has_audio=True))


@pytest.mark.parametrize(
    ("ending", "reason"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"),
     ("RECITATION", "content_filter"), ("OTHER", "stop"), ("NEW_WORD", "stop")],
)  # fmt: skip
def test_an_ending_after_some_words(ending: str, reason: str) -> None:
    events = read_bodies(response({"text": "Well"}, finish=ending))
    assert events[-1] == Finished(reason=reason)  # type: ignore[arg-type]  # from the table


@pytest.mark.parametrize(
    ("ending", "error"),
    [("STOP", InvalidReplyError), ("OTHER", InvalidReplyError), ("SAFETY", ContentRefusedError),
     ("PROHIBITED_CONTENT", ContentRefusedError), ("NEW_WORD", InvalidReplyError),
     ("PUP_LIMITED_DISABLED", PermissionRefusedError)],
)  # fmt: skip
def test_an_ending_without_a_word(ending: str, error: type[OssicleError]) -> None:
    with pytest.raises(error):
        read_bodies(response(finish=ending))


@pytest.mark.parametrize("ending", ["MALFORMED_FUNCTION_CALL", "MISSING_THOUGHT_SIGNATURE"])
def test_a_model_that_breaks_off_gives_no_answer(ending: str) -> None:
    with pytest.raises(InvalidReplyError, match=ending):
        read_bodies(response({"text": "Well"}, finish=ending))


def test_a_second_reason_does_not_make_a_bad_end_good() -> None:
    bodies = (response({"text": "Well"}, finish="MAX_TOKENS"), response(finish="STOP"))
    assert fold(read_bodies(*bodies)).finish_reason == "length"


def test_limits_alone_may_leave_nothing() -> None:
    assert fold(read_bodies(response(finish="MAX_TOKENS"))).finish_reason == "length"


def test_a_stream_without_a_reason_is_incomplete() -> None:
    with pytest.raises(StreamIncompleteError):
        read_bodies(response({"text": "Well"}))
    with pytest.raises(StreamIncompleteError):
        read_bodies()


def test_an_error_in_the_middle() -> None:
    one = reader()
    list(one.feed(response({"text": "Well"})))
    body = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    with pytest.raises(ProviderUnavailableError) as caught:
        list(one.feed(body))
    assert (caught.value.billed, caught.value.retryable) == (None, False)
    with pytest.raises(RateLimitedError) as limited:
        list(reader().feed([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}]))
    assert limited.value.retryable


@pytest.mark.parametrize(
    "body",
    [None, [], "text", 7, {"candidates": 3}, {"candidates": [3]},
     response({"functionCall": {"args": {}}}), response({"functionCall": {"name": "a", "args": 3}}),
     {"candidates": [{"content": {"parts": "no"}}]}],
)  # fmt: skip
def test_what_is_no_response_is_refused(body: Any) -> None:
    with pytest.raises(InvalidReplyError):
        read_bodies(body)


def test_empty_responses_and_odd_types_are_passed_over() -> None:
    bodies: tuple[Any, ...] = (
        {},
        {"candidates": None},
        response({"text": 3}, {"executableCode": {}}),
        response({"text": "a"}, finish="STOP", usageMetadata="none"),
    )
    assert [e for e in read_bodies(*bodies) if isinstance(e, TextDelta)] == [TextDelta(text="a")]


def test_signatures_are_handed_on() -> None:
    kept: dict[str, str] = {}
    part = {"functionCall": {"id": "x1", "name": "look"}, "thoughtSignature": "sig"}
    reply = fold(read_bodies(response(part, finish="STOP"), sign=kept.__setitem__))
    assert kept == {"x1": "sig"}
    assert reply.tool_calls[0].arguments == "{}"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["candidates", "content", "parts", "text",
                                                       "error", "functionCall", "name", "args",
                                                       "finishReason", "inlineData", "data",
                                                       "mimeType", "usageMetadata", "words",
                                                       "audioTranscription", "promptFeedback"]),
                                      inner, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json_is_read_or_refused(body: Any) -> None:
    with contextlib.suppress(OssicleError):
        read_bodies(json.loads(json.dumps(body)), has_audio=True)
