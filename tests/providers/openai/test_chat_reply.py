from __future__ import annotations

from typing import Any

import pytest
from tests.providers.openai.wire import AUDIO_ID, CALL, EXPIRES_AT, OPENAI, USAGE, b64, fold, wav

from ossicle.audio import AudioFormat
from ossicle.errors import InvalidReplyError, RateLimitedError, RequestRefusedError
from ossicle.messages import Reply
from ossicle_openai.chat_reply import chat_reply_events
from ossicle_openai.profiles import EndpointProfile, profile_named
from ossicle_openai.response_audio import PCM16

PCM = bytes(range(200))
WAV = AudioFormat.named("wav", sample_rate=24_000, channels=1)


def completion(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    choices = [
        {"index": index, "message": message, "finish_reason": "stop"}
        for index, message in enumerate(messages)
    ]
    return {
        "id": "chatcmpl-1",
        "model": "gpt-audio-1.5",
        "choices": choices,
        "usage": USAGE,
        **more,
    }


def spoken(data: bytes) -> dict[str, Any]:
    audio = {"id": AUDIO_ID, "data": b64(data), "expires_at": EXPIRES_AT, "transcript": "Hi there!"}
    return {"role": "assistant", "content": None, "refusal": None, "audio": audio}


def read(
    body: object, *, asked: AudioFormat | None = WAV, profile: EndpointProfile = OPENAI
) -> Reply:
    return fold(
        chat_reply_events(body, errors=CALL, profile=profile, asked=asked, request_id="req_1")
    )


def test_an_answer_as_it_was_captured() -> None:
    # Both sizes are 0xFFFFFFFF on the wire.
    streamed = bytearray(wav(PCM))
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\xff"
    reply = read(completion(spoken(bytes(streamed))))
    assert reply.audio is not None
    assert reply.audio.facts.frames == 100
    assert reply.audio.read_bytes() == wav(PCM)
    assert reply.transcript == "Hi there!"
    assert reply.content is None
    assert reply.reference is not None
    assert (reply.reference.id, reply.reference.expires_at) == (AUDIO_ID, EXPIRES_AT)
    assert reply.usage.total_tokens == 62
    assert reply.finish_reason == "stop"


def test_raw_samples_keep_the_rate_that_the_wire_does_not_tell() -> None:
    reply = read(completion(spoken(PCM)), asked=PCM16)
    assert reply.audio is not None
    assert reply.audio.format == PCM16
    assert reply.audio.read_bytes() == PCM


def test_another_format_than_asked_is_told_for_what_it_is() -> None:
    for asked in (PCM16, AudioFormat.named("mp3")):
        reply = read(completion(spoken(wav(PCM))), asked=asked)
        assert reply.audio is not None
        assert reply.audio.format.container == "wav"


def test_samples_labelled_wav_are_samples_where_the_server_does_that() -> None:
    reply = read(completion(spoken(PCM)), profile=profile_named("qwen-omni"))
    assert reply.audio is not None
    assert reply.audio.format == PCM16
    with pytest.raises(InvalidReplyError, match="not audio"):
        read(completion(spoken(PCM)))


def test_text_and_audio_in_two_choices() -> None:
    profile = profile_named("vllm-omni")
    audio = {"role": "assistant", "audio": {"data": b64(wav(PCM))}}
    reply = read(completion({"content": "Hi"}, audio), profile=profile)
    assert reply.audio is not None
    assert reply.transcript == "Hi"
    assert reply.reference is None


def test_words_where_audio_was_asked_for_are_not_lost() -> None:
    # The core raises AudioMissingError with this reply in it.
    reply = read(completion({"role": "assistant", "content": "I write", "audio": None}))
    assert reply.audio is None
    assert reply.content == "I write"


def test_a_tool_call_without_audio() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "audio": None, "tool_calls": [call]}
    reply = read(completion(message))
    assert reply.tool_calls[0].name == "f"
    assert reply.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        None,
        3,
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": {"message": {}}},
        completion({"role": "assistant", "audio": {"data": "no base64!"}}),
        completion({"role": "assistant", "audio": {"data": "AAA"}}),
    ],
)
def test_what_is_no_answer_is_a_typed_error(body: object) -> None:
    with pytest.raises(InvalidReplyError) as caught:
        read(body)
    assert caught.value.billed is True
    assert not caught.value.retryable


def test_an_empty_answer_in_text_is_a_typed_error() -> None:
    with pytest.raises(InvalidReplyError, match="empty"):
        read(completion({"role": "assistant", "content": None}), asked=None)


def test_an_error_with_status_200_is_the_vendors_error() -> None:
    with pytest.raises(RateLimitedError) as caught:
        read({"error": {"message": "slow down", "code": 429}})
    assert caught.value.status == 429
    assert caught.value.billed is None
    with pytest.raises(RequestRefusedError):
        read({"error": {"message": "no", "code": 400}})


def test_details_that_do_not_add_up_are_told_as_they_are() -> None:
    usage = {"completion_tokens": 5838, "completion_tokens_details": {"audio_tokens": 33}}
    reply = read(completion(spoken(wav(PCM)), usage=usage))
    assert (reply.usage.output_tokens, reply.usage.output_audio_tokens) == (5838, 33)
    assert reply.usage.input_tokens is None
