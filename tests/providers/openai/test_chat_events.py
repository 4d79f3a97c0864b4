from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried
from tests.providers.openai.wire import (
    AUDIO_ID,
    CALL,
    EXPIRES_AT,
    OPENAI,
    USAGE,
    audio_chunk,
    b64,
    chunk,
    fold,
    read_stream,
    spoken_chunks,
    sse,
    wav,
)

from ossicle.errors import (
    ContentRefusedError,
    InvalidReplyError,
    ProviderUnavailableError,
    RateLimitedError,
    StreamIncompleteError,
)
from ossicle.messages import Event, Reply
from ossicle_openai.chat_events import ChatStream
from ossicle_openai.profiles import profile_named
from ossicle_openai.response_audio import PCM16

PCM = bytes(range(256)) * 200


def read(*chunks: Any, done: bool = True, **more: Any) -> Reply:
    return fold(read_stream([sse(chunks, done=done)], **more))


def test_a_stream_as_it_was_captured() -> None:
    reply = read(*spoken_chunks(PCM, "Hi there!"))
    assert reply.audio is not None
    assert reply.audio.read_bytes() == PCM
    assert reply.audio.format == PCM16
    assert reply.transcript == "Hi there!"
    assert reply.content is None
    assert reply.reference is not None
    assert (reply.reference.id, reply.reference.expires_at) == (AUDIO_ID, EXPIRES_AT)
    assert reply.usage.output_audio_tokens == 37
    assert reply.usage.input_tokens == 8
    assert (reply.id, reply.model, reply.request_id) == ("chatcmpl-1", "gpt-audio-1.5", "req_1")
    assert reply.finish_reason == "stop"


def test_the_last_audio_delta_ends_a_stream_without_done() -> None:
    assert read(*spoken_chunks(PCM, "Hi"), done=False).reference is not None


def test_usage_alone_is_no_end() -> None:
    with pytest.raises(StreamIncompleteError) as caught:
        read(*spoken_chunks(PCM, "Hi")[:-1], done=False)
    assert caught.value.request_id == "req_1"
    assert not caught.value.retryable


def test_an_expiry_that_more_audio_follows_is_no_end() -> None:
    with pytest.raises(StreamIncompleteError):
        read(audio_chunk(expires_at=EXPIRES_AT), audio_chunk(data=b64(b"ab")), done=False)


def test_an_expiry_beside_audio_is_no_end() -> None:
    with pytest.raises(StreamIncompleteError):
        read(audio_chunk(expires_at=EXPIRES_AT, data=b64(b"ab")), done=False)
    with pytest.raises(StreamIncompleteError):
        read(audio_chunk(data=b64(b"ab")), audio_chunk(id=AUDIO_ID, expires_at=1), done=False)


def test_ids_and_expiries_that_repeat_are_neither_joined_nor_added() -> None:
    chunks = [
        audio_chunk(id=AUDIO_ID, expires_at=1000, data=b64(b"ab"), transcript="a"),
        audio_chunk(id=AUDIO_ID, expires_at=1000, data=b64(b"cd"), transcript="b"),
        chunk({}, finish_reason="stop"),
    ]
    reply = read(*chunks, done=False)
    assert reply.reference is not None
    assert (reply.reference.id, reply.reference.expires_at) == (AUDIO_ID, 1000)
    assert reply.transcript == "ab"


def test_an_expiry_in_milliseconds_becomes_seconds_and_nonsense_becomes_unknown() -> None:
    for value, wanted in ((EXPIRES_AT * 1000, EXPIRES_AT), (-1, None), ("x", None), (True, None)):
        reply = read(audio_chunk(id=AUDIO_ID, data=b64(b"ab"), expires_at=value))
        assert reply.reference is not None
        assert reply.reference.expires_at == wanted


def test_pieces_that_are_padded_by_themselves_lose_nothing() -> None:
    # Joined as text, everything behind the first padding would be lost.
    reply = read(audio_chunk(data="AQABAAEAAg=="), audio_chunk(data="AAMAAwA="))
    assert reply.audio is not None
    assert reply.audio.read_bytes() == b"\x01\x00\x01\x00\x01\x00\x02\x00\x03\x00\x03\x00"


@pytest.mark.parametrize("text", ["A", "AB!D", "====", "AAA=A"])
def test_broken_base64_is_a_typed_error(text: str) -> None:
    with pytest.raises(InvalidReplyError) as caught:
        read(audio_chunk(data=text), audio_chunk(expires_at=1))
    assert caught.value.billed is True


def test_a_tool_call_in_fragments_together_with_audio() -> None:
    calls = [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look"}},
        {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": '{"at"'}},
        {"index": 0, "function": {"arguments": ': "x"}'}},
    ]
    reply = read(
        *(chunk({"tool_calls": [call]}) for call in calls),
        audio_chunk(data=b64(b"ab")),
        chunk({}, finish_reason="tool_calls"),
        done=False,
    )
    (call,) = reply.tool_calls
    assert (call.id, call.name, call.parsed()) == ("call_1", "look", {"at": "x"})
    assert reply.finish_reason == "tool_calls"
    assert reply.audio is not None


def test_arguments_of_a_mebibyte_arrive_whole() -> None:
    arguments = json.dumps({"x": "y" * (1 << 20)})
    function = {"name": "f", "arguments": arguments}
    reply = read(chunk({"tool_calls": [{"index": 0, "id": "c", "function": function}]}))
    assert reply.tool_calls[0].arguments == arguments
    assert reply.finish_reason == "tool_calls"


def test_finish_reasons() -> None:
    for reason in ("stop", "length", "content_filter"):
        words = chunk({"content": "x"})
        reply = read(words, chunk({}, finish_reason=reason), done=False, has_audio=False)
        assert reply.finish_reason == reason


def test_length_is_not_turned_into_stop_by_a_later_mark() -> None:
    reply = read(
        audio_chunk(data=b64(b"ab")),
        chunk({}, finish_reason="length"),
        audio_chunk(expires_at=5),
    )
    assert reply.finish_reason == "length"


def test_a_refusal_is_told() -> None:
    reply = read(
        chunk({"refusal": "I "}), chunk({"refusal": "cannot"}), chunk({}, finish_reason="stop")
    )
    assert reply.refusal == "I cannot"


def test_audio_in_another_choice_is_found_and_both_choices_must_end() -> None:
    profile = profile_named("vllm-omni")
    text = chunk({"content": "Hi"}, finish_reason="stop")
    audio = {**chunk(None), "choices": [{"index": 1, "delta": {"audio": {"data": b64(b"abcd")}}}]}
    ended = {**chunk(None), "choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}
    reply = read(text, audio, ended, done=False, profile=profile)
    assert reply.audio is not None
    assert reply.transcript == "Hi"
    with pytest.raises(StreamIncompleteError):
        read(text, audio, done=False, profile=profile)


def test_a_file_inside_a_stream_of_samples_is_told_for_what_it_is() -> None:
    data = wav(PCM)
    parts = [data[:3], data[3:11], data[11:]]
    reply = read(*(audio_chunk(data=b64(part)) for part in parts))
    assert reply.audio is not None
    assert reply.audio.format.container == "wav"
    assert reply.audio.read_bytes() == data


def test_an_sdk_object_reads_like_its_data() -> None:
    reader = ChatStream(errors=CALL, profile=OPENAI, asked=PCM16)
    body = audio_chunk(data=b64(b"ab"))
    events: list[Event] = list(reader.feed(SimpleNamespace(model_dump=lambda: body)))
    reader.done()
    assert fold([*events, *reader.finish()]).audio is not None


def test_an_error_in_the_stream_is_the_vendors() -> None:
    error = {"error": {"message": "boom sk-abcdefghijkl", "type": "server_error", "code": None}}
    with pytest.raises(ProviderUnavailableError) as caught:
        read(*spoken_chunks(PCM, "Hi")[:3], error)
    assert caught.value.billed is None
    assert not caught.value.retryable
    assert "sk-abc" not in str(caught.value)
    with pytest.raises(RateLimitedError):
        read({"error": {"message": "slow down", "code": "rate_limit_exceeded"}})
    with pytest.raises(ContentRefusedError):
        read({"error": {"message": "no", "code": "content_policy_violation"}})


def test_an_index_that_is_none_is_counted() -> None:
    choices = [{"index": [], "delta": {"content": "x"}, "finish_reason": "stop"}]
    assert read({**chunk(None), "choices": choices}, done=False, has_audio=False).content == "x"


@pytest.mark.parametrize("body", [[], "x", 3, None, {"choices": "x"}, {"choices": [1]}])
def test_events_that_are_no_chunks_are_typed_errors(body: object) -> None:
    with pytest.raises(InvalidReplyError):
        read(body)


def test_a_stream_of_nothing_but_its_end_is_a_typed_error() -> None:
    with pytest.raises(InvalidReplyError):
        read()
    with pytest.raises(InvalidReplyError):
        read({**chunk(None), "choices": []})
    with pytest.raises(StreamIncompleteError):
        read(done=False)


def test_an_empty_answer_in_text_is_a_typed_error() -> None:
    with pytest.raises(InvalidReplyError, match="empty"):
        read(chunk({"role": "assistant"}), chunk({}, finish_reason="stop"), has_audio=False)
    assert read(chunk({"content": ""}), has_audio=False).content is None


@pytest.mark.parametrize("value", [-1, float("nan"), "62", 10**30, True, None, 1.5])
def test_usage_that_is_no_count_stays_untold(value: object) -> None:
    usage = {**USAGE, "prompt_tokens": value}
    reply = read(audio_chunk(data=b64(b"ab")), {**chunk(None), "usage": usage})
    assert reply.usage.input_tokens is None
    assert reply.usage.output_tokens == 54


# One stream, cut in every way that leaves its meaning.


def _texts(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in pairwise(places)]


def _audio_texts(pcm: bytes, cuts: list[int], style: str) -> list[str]:
    """Base64 whose pieces decode by themselves, or one text that is cut anywhere."""
    if style == "one text":
        return _texts(b64(pcm), cuts)
    places = sorted({0, len(pcm), *(cut % (len(pcm) + 1) for cut in cuts)})
    return [b64(pcm[a:b]) for a, b in pairwise(places)]


@st.composite
def split_streams(draw: st.DrawFn) -> tuple[bytes, str, list[bytes]]:
    # Neither letters nor the two bytes that may begin MPEG: those are looked at more closely.
    pcm = b"\x00" + draw(st.binary(min_size=1, max_size=199).filter(lambda data: len(data) % 2))
    transcript = draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
    cuts = st.lists(st.integers(0, 1000), max_size=8)
    style = draw(st.sampled_from(["pieces", "one text"]))
    audio = [{"data": text} for text in _audio_texts(pcm, draw(cuts), style)]
    words = [{"transcript": text} for text in _texts(transcript, draw(cuts))]
    # Any interleaving that keeps each kind in order.
    order = draw(st.permutations([0] * len(audio) + [1] * len(words)))
    queues = [iter(audio), iter(words)]
    deltas: list[dict[str, Any]] = [next(queues[kind]) for kind in order]
    if draw(st.booleans()):
        deltas = [{**delta, "id": AUDIO_ID, "expires_at": EXPIRES_AT} for delta in deltas]
    else:
        deltas[0]["id"] = AUDIO_ID
    chunks: list[dict[str, Any]] = [audio_chunk(**delta) for delta in deltas]
    usage = {**chunk(None), "choices": draw(st.sampled_from([[], None])), "usage": USAGE}
    chunks.insert(draw(st.integers(0, len(chunks))), usage)
    for place in draw(st.lists(st.integers(0, len(chunks)), max_size=3)):
        chunks.insert(place, draw(st.sampled_from([chunk(None), {**chunk(None), "choices": None}])))
    has_mark = draw(st.booleans())
    if has_mark or "expires_at" not in deltas[0]:
        chunks.append(audio_chunk(expires_at=EXPIRES_AT))
        has_mark = True
    body = sse(chunks, end=draw(st.sampled_from(["\n\n", "\r\n\r\n"])), done=not has_mark)
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in draw(cuts))})
    return pcm, transcript, [body[a:b] for a, b in pairwise(places)]


@settings(max_examples=tried(150), deadline=None)
@given(split_streams())
def test_any_splitting_of_a_stream_folds_to_the_same_reply(
    stream: tuple[bytes, str, list[bytes]],
) -> None:
    pcm, transcript, pieces = stream
    reply = fold(read_stream(pieces))
    assert reply.audio is not None
    assert reply.audio.read_bytes() == pcm
    assert reply.transcript == transcript
    assert reply.reference is not None
    assert (reply.reference.id, reply.reference.expires_at) == (AUDIO_ID, EXPIRES_AT)
    assert reply.usage.total_tokens == 62
    assert reply.finish_reason == "stop"
