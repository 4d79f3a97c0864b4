"""Chat audio in one piece, with the official client and by hand."""

from __future__ import annotations

import base64
import io
import re
import wave
from decimal import Decimal
from typing import Any

import numpy as np
import openai
import pytest
from openai import OpenAI

from ossicle_testing.vendors import ManualClock
from ossicle_testing.vendors.audio import decode_audio, encode_reply, wav_header
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import tone_ear, tone_voice

from .conftest import Post, Serve

CHAT = "/v1/chat/completions"
SPEAK: dict[str, Any] = {
    "model": "gpt-audio-1.5",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
}


def _said(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def _heard(data: str, format: str = "wav", text: str | None = None) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [
        {"type": "input_audio", "input_audio": {"data": data, "format": format}}
    ]
    if text is not None:
        parts.insert(0, {"type": "text", "text": text})
    return [{"role": "user", "content": parts}]


def test_the_official_client_hears_what_it_said(
    vendor: FakeOpenAI, spoken: Any, clock: ManualClock
) -> None:
    with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        create: Any = client.chat.completions.create
        reply = create(**SPEAK, messages=_heard(spoken("What is it?"), text="Tell me:"))
    message = reply.choices[0].message
    assert message.content is None
    assert message.audio is not None
    assert message.audio.transcript == "You said: Tell me: What is it?"
    assert tone_ear(*decode_audio(base64.b64decode(message.audio.data))) == (
        "You said: Tell me: What is it?"
    )
    assert re.fullmatch(r"audio_[0-9a-f]{32}", message.audio.id)
    assert int(message.audio.id[6:14], 16) == int(clock())
    assert message.audio.expires_at == int(clock()) + 3600
    assert reply.choices[0].finish_reason == "stop"
    assert reply._request_id is not None
    assert reply._request_id.startswith("req_")


def test_the_wav_is_the_captured_one(vendor: FakeOpenAI, post: Post) -> None:
    _, body, _ = post(vendor, CHAT, {**SPEAK, "messages": _said("x")})
    data = body["choices"][0]["message"]["audio"]["data"]
    assert data.startswith("UklGRv////9XQVZFZm10IBAAAAABAAEAwF0AAIC7AAACABAAZGF0Yf////8")
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        assert file.getnframes() == 2147483647


@pytest.mark.parametrize(
    ("format", "magic"),
    [("wav", b"RIFF"), ("mp3", b"\xff\xf3"), ("flac", b"fLaC"), ("opus", b"OggS"),
     ("pcm16", b"\0\0"), ("aac", b"\xff\xf1")],
)  # fmt: skip
def test_every_output_format(vendor: FakeOpenAI, post: Post, format: str, magic: bytes) -> None:
    if format == "aac":
        pytest.importorskip("av")
    asked = {**SPEAK, "audio": {"voice": "alloy", "format": format}, "messages": _said("abc")}
    _, body, _ = post(vendor, CHAT, asked)
    data = base64.b64decode(body["choices"][0]["message"]["audio"]["data"])
    assert data.startswith(magic)
    if format == "pcm16":
        samples = np.frombuffer(data, "<i2") / np.float32(32768)
        assert tone_ear(samples.astype(np.float32), 24_000) == "You said: abc"


def test_audio_in_and_text_out(vendor: FakeOpenAI, post: Post, spoken: Any) -> None:
    asked = {"model": "gpt-audio-1.5", "messages": _heard(spoken("hear me", "mp3"), "mp3")}
    _, body, _ = post(vendor, CHAT, asked)
    message = body["choices"][0]["message"]
    assert message["content"] == "You said: hear me"
    assert "audio" not in message


def test_several_clips_in_one_message(vendor: FakeOpenAI, post: Post, spoken: Any) -> None:
    parts = _heard(spoken("one"))[0]["content"] + _heard(spoken("two"))[0]["content"]
    asked = {"model": "gpt-audio-1.5", "messages": [{"role": "user", "content": parts}]}
    _, body, _ = post(vendor, CHAT, asked)
    assert body["choices"][0]["message"]["content"] == "You said: one two"


def test_usage_is_counted_and_priced_by_the_second(
    vendor: FakeOpenAI, post: Post, spoken: Any
) -> None:
    frames = len(tone_voice("count me"))
    _, body, _ = post(vendor, CHAT, {**SPEAK, "messages": _heard(spoken("count me"), text="four")})
    answer = len(tone_voice("You said: four count me"))
    usage = body["usage"]
    heard, spoke = frames * 10 // 24_000, answer * 20 // 24_000
    # Three for the message, one for four letters; 23 letters make six.
    assert usage["prompt_tokens_details"]["text_tokens"] == 4
    assert usage["prompt_tokens_details"]["audio_tokens"] == heard
    assert usage["completion_tokens_details"]["audio_tokens"] == spoke
    assert usage["completion_tokens_details"]["text_tokens"] == 6
    assert usage["prompt_tokens"] == 4 + heard
    assert usage["completion_tokens"] == 6 + spoke
    assert usage["total_tokens"] == 10 + heard + spoke
    micros = Decimal(4) * Decimal("2.5") + heard * 32 + 6 * 10 + spoke * 64
    assert vendor.ledger.total.amount == micros / 1_000_000


def test_an_audio_id_brings_the_words_back_and_is_billed(
    vendor: FakeOpenAI, post: Post, clock: ManualClock
) -> None:
    seen: list[Any] = []
    _, body, _ = post(vendor, CHAT, {**SPEAK, "messages": _said("first")})
    audio = body["choices"][0]["message"]["audio"]
    history = [*_said("first"), {"role": "assistant", "audio": {"id": audio["id"]}}]
    asked = {**SPEAK, "messages": [*history, *_said("second")]}
    status, body, _ = post(vendor, CHAT, asked)
    seen.append(status)
    assert body["usage"]["prompt_tokens_details"]["audio_tokens"] == (
        len(tone_voice("You said: first")) * 20 // 24_000
    )
    clock.advance(3599)
    seen.append(post(vendor, CHAT, asked)[0])
    clock.advance(1)
    status, body, _ = post(vendor, CHAT, asked)
    seen.append(status)
    assert seen == [200, 200, 400]
    assert body == {"error": {
        "message": f"Assistant audio {audio['id']} not found.",
        "type": "invalid_request_error",
        "param": "content.messages[1].audio.id",
        "code": "audio_not_found",
    }}  # fmt: skip


def test_an_audio_id_belongs_to_one_account(serve: Serve, post: Post) -> None:
    vendor = serve(keys={"sk-one", "sk-two"})
    _, body, _ = post(vendor, CHAT, {**SPEAK, "messages": _said("x")}, key="sk-one")
    audio_id = body["choices"][0]["message"]["audio"]["id"]
    asked = {
        **SPEAK,
        "messages": [{"role": "assistant", "audio": {"id": audio_id}}, *_said("y")],
    }
    assert post(vendor, CHAT, asked, key="sk-one")[0] == 200
    assert post(vendor, CHAT, asked, key="sk-two")[1]["error"]["code"] == "audio_not_found"
    vendor.forget(audio_id)
    assert post(vendor, CHAT, asked, key="sk-one")[0] == 400


def test_the_brain_hears_the_whole_conversation(serve: Serve, post: Post, spoken: Any) -> None:
    heard: list[Any] = []

    def brain(turns: Any) -> str:
        heard.append(tuple(turns))
        return "yes"

    vendor = serve(chat_model=brain)
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
        *_heard(spoken("well?")),
    ]
    post(vendor, CHAT, {**SPEAK, "messages": messages})
    assert heard == [(("developer", "Be brief."), ("assistant", "Hello"), ("user", "well?"))]


def test_a_text_model_answers_text(vendor: FakeOpenAI, post: Post) -> None:
    status, body, _ = post(vendor, CHAT, {"model": "gpt-4o-mini", "messages": _said("hi")})
    assert (status, body["choices"][0]["message"]["content"]) == (200, "You said: hi")


def test_the_token_limit_cuts_sound_and_words(vendor: FakeOpenAI, post: Post) -> None:
    asked = {**SPEAK, "messages": _said("a long answer " * 10), "max_completion_tokens": 40}
    _, body, _ = post(vendor, CHAT, asked)
    assert body["choices"][0]["finish_reason"] == "length"
    assert 30 <= body["usage"]["completion_tokens"] <= 40
    text_only = {"model": "gpt-4o-mini", "messages": _said("word " * 50), "max_tokens": 5}
    _, body, _ = post(vendor, CHAT, text_only)
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 5


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["C", "F"]},
                "days": {"type": "array", "items": {"type": "integer"}},
                "exact": {"type": ["boolean", "null"]},
                "note": {"type": "string"},
            },
            "required": ["city", "unit", "days", "exact"],
        },
    },
}


@pytest.mark.parametrize(
    ("choice", "words", "called"),
    [
        ("required", "hi", True),
        ({"type": "function", "function": {"name": "get_weather"}}, "hi", True),
        ("auto", "hi", False),
        ("auto", "please get weather", True),
        (None, "GET_WEATHER now", True),
        ("none", "get_weather", False),
    ],
)
def test_when_a_tool_is_called(
    vendor: FakeOpenAI, post: Post, choice: Any, words: str, called: bool
) -> None:
    asked = {**SPEAK, "messages": _said(words), "tools": [TOOL]}
    if choice is not None:
        asked["tool_choice"] = choice
    _, body, _ = post(vendor, CHAT, asked)
    (answer,) = body["choices"]
    assert answer["finish_reason"] == ("tool_calls" if called else "stop")
    if called:
        assert answer["message"]["content"] is None
        assert answer["message"]["audio"] is None
        (call,) = answer["message"]["tool_calls"]
        assert call["function"]["name"] == "get_weather"
        expected = f'{{"city": "{words}", "unit": "C", "days": [1], "exact": true}}'
        assert call["function"]["arguments"] == expected


def test_a_tool_result_is_answered_in_sound(serve: Serve) -> None:
    vendor = serve(tool_talk="One moment.")
    with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        create: Any = client.chat.completions.create
        first = create(**SPEAK, messages=_said("get weather"), tools=[TOOL]).choices[0].message
        assert first.audio.transcript == "One moment."
        call = first.tool_calls[0]
        history = [
            *_said("get weather"),
            {"role": "assistant", "audio": {"id": first.audio.id}, "tool_calls": [call.to_dict()]},
            {"role": "tool", "tool_call_id": call.id, "content": "rain"},
        ]
        second = create(**SPEAK, messages=history, tools=[TOOL]).choices[0].message
    assert second.audio.transcript == "The tool said: rain"
    assert second.tool_calls is None


NO_AUDIO = "This model requires that either input content or output modality contain audio."
SILENT_WAV = base64.b64encode(wav_header()).decode()
NOT_WAV = base64.b64encode(b"\x00" * 2000).decode()
AN_MP3 = base64.b64encode(encode_reply(tone_voice("x"), "mp3")).decode()
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def _error(message: str, param: str | None, code: str | None) -> dict[str, Any]:
    return {"message": message, "type": "invalid_request_error", "param": param, "code": code}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"modalities": ["text"]}, _error(NO_AUDIO, "model", "invalid_value")),
        (
            {"messages": _heard(NOT_WAV)},
            _error(
                "The data provided for 'input_audio' is not of valid wav format.",
                "messages.[0].content.[0].input_audio.data", "invalid_value",
            ),
        ),
        (
            {"messages": _heard("not base64!", "mp3", "x")},
            _error(
                "The data provided for 'input_audio' is not of valid mp3 format.",
                "messages.[0].content.[1].input_audio.data", "invalid_value",
            ),
        ),
        (
            {"messages": _heard(AN_MP3, "wav")},
            _error(
                "The data provided for 'input_audio' is not of valid wav format.",
                "messages.[0].content.[0].input_audio.data", "invalid_value",
            ),
        ),
        (
            {"messages": _heard(SILENT_WAV)},
            _error(
                "Input audio is too short. Provide at least 0.1 seconds.",
                "messages.[0].content.[0].input_audio.data", "invalid_value",
            ),
        ),
        (
            {"messages": _heard(AN_MP3, "flac")},
            _error(
                "This model does not support the format you provided.", "messages",
                "unsupported_format",
            ),
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            _error(
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
                "this model. Learn more about supported models at the Structured Outputs guide: "
                "https://platform.openai.com/docs/guides/structured-outputs", None, None,
            ),
        ),
        (
            {"model": "gpt-4o-mini", "modalities": ["text"],
             "messages": [*_said("x"), *_heard(SILENT_WAV)]},
            _error(
                "Invalid 'messages[1]'. Content blocks are expected to be either text or "
                "image_url type.", "messages[1]", "invalid_value",
            ),
        ),
        ({"surprise": 1}, _error("Unrecognized request argument supplied: surprise", None, None)),
        (
            {"audio": {"voice": "alloy", "format": "wav", "rate": 1}},
            _error("Unknown parameter: 'audio.rate'.", "audio.rate", "unknown_parameter"),
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "c", "content": [
                {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]}]},
            _error(
                "Invalid value: 'input_audio'. Supported values are: 'text'.",
                "messages[0].content[0].type", "invalid_value",
            ),
        ),
        (
            {"temperature": 3},
            _error(
                "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but "
                "got 3 instead.", "temperature", "decimal_above_max_value",
            ),
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [CALL]}, *_said("x")]},
            _error(
                "An assistant message with 'tool_calls' must be followed by tool messages "
                "responding to each 'tool_call_id'. The following tool_call_ids did not have "
                "response messages: c1", "messages.[1].role", None,
            ),
        ),
        (
            {"messages": [*_said("x"), {"role": "assistant", "tool_calls": [CALL]}]},
            _error(
                "An assistant message with 'tool_calls' must be followed by tool messages "
                "responding to each 'tool_call_id'. The following tool_call_ids did not have "
                "response messages: c1", "messages.[2].role", None,
            ),
        ),
        (
            {"stream_options": {"include_usage": True}},
            _error(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                "stream_options", None,
            ),
        ),
    ],
)  # fmt: skip
def test_refusals_in_the_vendors_words(
    vendor: FakeOpenAI, post: Post, change: dict[str, Any], error: dict[str, Any]
) -> None:
    status, body, _ = post(vendor, CHAT, {**SPEAK, "messages": _said("hi"), **change})
    assert (status, body) == (400, {"error": error})
    assert vendor.ledger.executed == ()


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"modalities": ["audio"]}, "modalities", "invalid_value"),
        ({"model": "gpt-4o-mini"}, "modalities", "invalid_value"),
        ({"audio": {"voice": "bob", "format": "wav"}}, "audio.voice", "invalid_value"),
        ({"audio": {"voice": {"id": "voice_x"}, "format": "wav"}}, "audio.voice.id",
         "voice_not_found"),
        ({"audio": {"voice": "alloy", "format": "ogg"}}, "audio.format", "invalid_value"),
        ({"audio": {"voice": "alloy"}}, "audio.format", "missing_required_parameter"),
        ({"audio": None}, "audio", "missing_required_parameter"),
        ({"messages": []}, "messages", "invalid_length"),
        ({"messages": "hi"}, "messages", "invalid_type"),
        ({"n": 2}, "n", "invalid_value"),
        ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter"),
        ({"tool_choice": "required"}, "tool_choice", None),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
         "tool_choice", None),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]},
         "messages.[0].role", None),
        ({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:"}}]}]},
         "messages.[0].content.[0].type", None),
        ({"messages": [{"role": "assistant", "audio": {"id": "audio_x", "data": ""}}]},
         "messages[0].audio.data", "unknown_parameter"),
    ],
)  # fmt: skip
def test_further_refusals(
    vendor: FakeOpenAI, post: Post, change: dict[str, Any], param: str, code: str | None
) -> None:
    status, body, _ = post(vendor, CHAT, {**SPEAK, "messages": _said("hi"), **change})
    assert status == 400
    assert (body["error"]["param"], body["error"]["code"]) == (param, code)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object(vendor: FakeOpenAI, post: Post, body: bytes) -> None:
    assert post(vendor, CHAT, body)[0] == 400


def test_custom_voices_by_id(vendor: FakeOpenAI, post: Post) -> None:
    asked = {**SPEAK, "audio": {"voice": {"id": "voice_1234"}, "format": "mp3"}}
    assert post(vendor, CHAT, {**asked, "messages": _said("x")})[0] == 200


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("gpt-9", "The model `gpt-9` does not exist or you do not have access to it."),
        ("gpt-4o-audio-preview", "The model `gpt-4o-audio-preview` has been deprecated"),
    ],
)
def test_models_that_are_not_there(vendor: FakeOpenAI, model: str, message: str) -> None:
    with (
        OpenAI(base_url=vendor.base_url, api_key="x") as client,
        pytest.raises(openai.NotFoundError, match=message) as caught,
    ):
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}])
    assert caught.value.code == "model_not_found"


def test_models_end_on_their_day(vendor: FakeOpenAI, post: Post, clock: ManualClock) -> None:
    asked = {**SPEAK, "model": "gpt-audio", "messages": _said("x")}
    clock.set(1_800_403_199.0)  # 2027-01-19 23:59:59 UTC
    assert post(vendor, CHAT, asked)[0] == 200
    clock.advance(1)
    assert post(vendor, CHAT, asked)[0] == 404


def test_a_speech_model_does_not_chat(vendor: FakeOpenAI, post: Post) -> None:
    assert post(vendor, CHAT, {"model": "tts-1", "messages": _said("x")})[0] == 404
