"""Keys, models, profiles and the vendor as a whole."""

from __future__ import annotations

import base64
import threading
from typing import Any

import numpy as np
import openai
import pytest
from openai import AzureOpenAI, OpenAI

from ossicle_testing.vendors import ManualClock
from ossicle_testing.vendors.audio import decode_audio
from ossicle_testing.vendors.openai import MODELS, PROFILES, FakeOpenAI, Quirks
from ossicle_testing.vendors.tones import tone_ear, tone_voice

from .conftest import Post, Serve

SPEAK: dict[str, Any] = {
    "model": "gpt-audio-1.5",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
    "messages": [{"role": "user", "content": "hello"}],
}
SPEECH = {"model": "tts-1", "voice": "alloy", "input": "hello"}


def _chat(quirks: Quirks) -> str:
    return quirks.prefix + "/chat/completions"


def test_a_wrong_key_is_echoed_masked_as_plain_text(serve: Serve, post: Post) -> None:
    vendor = serve(keys={"sk-good"})
    status, body, headers = post(vendor, "/v1/chat/completions", SPEAK, key="sk-proj-secret1239900")
    assert (status, headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert body["error"]["code"] == "invalid_api_key"
    assert "sk-proj-*********9900" in body["error"]["message"]
    assert "secret" not in body["error"]["message"]
    assert post(vendor, "/v1/chat/completions", SPEAK, key="short")[1]["error"]["message"].count(
        "********") == 1  # fmt: skip
    assert post(vendor, "/v1/chat/completions", SPEAK, key="sk-good")[0] == 200


def test_no_key_at_all(vendor: FakeOpenAI, post: Post) -> None:
    status, body, _ = post(vendor, "/v1/chat/completions", SPEAK, key=None)
    assert (status, body["error"]["code"]) == (401, None)


def test_models_tell_their_last_day(vendor: FakeOpenAI, clock: ManualClock) -> None:
    with OpenAI(base_url=vendor.base_url, api_key="x", max_retries=0) as client:
        listed = {model.id: model.shutdown_date for model in client.models.list()}
        assert listed["gpt-audio-1.5"] is None
        assert listed["tts-1"] == "2027-01-06"
        assert "gpt-4o-audio-preview" not in listed
        assert client.models.retrieve("whisper-1").shutdown_date == "2027-02-26"
        clock.advance(100 * 86400)
        with pytest.raises(openai.NotFoundError, match="has been deprecated"):
            client.models.retrieve("whisper-1")
        assert "whisper-1" not in {model.id for model in client.models.list()}


def test_every_chat_audio_model_has_its_price() -> None:
    prices = MODELS["gpt-audio-1.5"].prices
    assert [str(price) for price in (prices.text_in, prices.text_out, prices.audio_in,
                                     prices.audio_out)] == ["2.50", "10", "32", "64"]  # fmt: skip


def test_any_voice_and_ear_can_be_plugged_in(serve: Serve, post: Post) -> None:
    said: list[str] = []

    def voice(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        said.append(text)
        return np.full((2400, 1), 0.25, np.float32)

    vendor = serve(voice=voice, ear=lambda samples, rate: f"{len(samples)}@{rate}")
    data = base64.b64encode(vendor_wav()).decode()
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    asked = {**SPEAK, "messages": [{"role": "user", "content": [part]}]}
    _, body, _ = post(vendor, "/v1/chat/completions", asked)
    audio = body["choices"][0]["message"]["audio"]
    samples, _ = decode_audio(base64.b64decode(audio["data"]))
    assert (len(samples), samples[0]) == (2400, pytest.approx(0.25, abs=1e-4))
    assert said == [audio["transcript"]] == [f"You said: {len(tone_voice('x'))}@24000"]


def vendor_wav() -> bytes:
    from ossicle_testing.vendors.audio import encode_reply

    return encode_reply(tone_voice("x"), "wav")


def test_many_clients_get_their_own_answers(vendor: FakeOpenAI) -> None:
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        with OpenAI(base_url=vendor.base_url, api_key="x") as client:
            asked = {**SPEAK, "messages": [{"role": "user", "content": f"number {number}"}]}
            reply = client.chat.completions.create(**asked)
            audio = reply.choices[0].message.audio
            assert audio is not None
            answers[number] = tone_ear(*decode_audio(base64.b64decode(audio.data)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"You said: number {number}" for number in range(8)}


def test_azure_serves_deployments(serve: Serve) -> None:
    vendor = serve(quirks=PROFILES["azure"])
    with AzureOpenAI(
        azure_endpoint=vendor.url, api_key="x", api_version="2025-01-01-preview"
    ) as client:
        asked: dict[str, Any] = {**SPEAK, "model": "my-deployment"}
        reply = client.chat.completions.create(**asked)
    assert reply.model == "my-deployment"
    assert vendor.ledger.entries[0].path.startswith("/openai/deployments/my-deployment/")


@pytest.mark.parametrize("name", ["openrouter", "openrouter-lyria", "qwen-omni"])
def test_audio_may_need_a_stream(serve: Serve, post: Post, name: str) -> None:
    quirks = PROFILES[name]
    status, body, _ = post(serve(quirks=quirks), _chat(quirks), SPEAK)
    assert status == 400
    assert "Audio output requires stream: true" in str(body)


def test_mp3_may_come_whatever_was_asked(serve: Serve, post: Post) -> None:
    quirks = PROFILES["openrouter-lyria"]
    asked = {**SPEAK, "stream": True, "audio": {"voice": "alloy", "format": "pcm16"}}
    _, raw, _ = post(serve(quirks=quirks), _chat(quirks), asked)
    start = raw.index(b'"data":"') + 8
    assert base64.b64decode(raw[start : start + 8])[:2] == b"\xff\xf3"


def test_audio_may_stand_in_the_second_choice(serve: Serve, post: Post) -> None:
    quirks = PROFILES["vllm-omni"]
    asked = {"model": "qwen", "messages": SPEAK["messages"]}
    _, body, _ = post(serve(quirks=quirks), _chat(quirks), asked)
    text, sound = body["choices"]
    assert text["message"]["content"] == "You said: hello"
    assert "audio" not in text["message"]
    data = base64.b64decode(sound["message"]["audio"]["data"])
    assert data[4:8] != b"\xff\xff\xff\xff"
    assert tone_ear(*decode_audio(data)) == "You said: hello"
    assert sound["message"]["audio"]["expires_at"] is None


@pytest.mark.parametrize("name", ["vllm", "localai", "vllm-omni"])
def test_audio_may_come_as_a_data_url(serve: Serve, post: Post, name: str) -> None:
    quirks = PROFILES[name]
    url = "data:audio/wav;base64," + base64.b64encode(vendor_wav()).decode()
    parts = [
        {"type": "audio_url", "audio_url": {"url": url}},
        {"type": "input_audio", "input_audio": {"data": url, "format": "any"}},
    ]
    asked = {"model": "m", "modalities": ["text"], "messages": [{"role": "user", "content": parts}]}
    _, body, _ = post(serve(quirks=quirks), _chat(quirks), asked)
    assert body["choices"][0]["message"]["content"] == "You said: x x"


def test_qwen_takes_nothing_but_data_urls(serve: Serve, post: Post) -> None:
    quirks = PROFILES["qwen-omni"]
    vendor = serve(quirks=quirks)
    plain = base64.b64encode(vendor_wav()).decode()
    for data, expected in ((plain, 400), (f"data:;base64,{plain}", 200)):
        part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
        asked = {"model": "q", "messages": [{"role": "user", "content": [part]}]}
        assert post(vendor, _chat(quirks), asked)[0] == expected


def test_openai_takes_no_data_url_and_no_audio_url(vendor: FakeOpenAI, post: Post) -> None:
    url = "data:audio/wav;base64," + base64.b64encode(vendor_wav()).decode()
    for part, param in (
        ({"type": "input_audio", "input_audio": {"data": url, "format": "wav"}},
         "messages.[0].content.[0].input_audio.data"),
        ({"type": "audio_url", "audio_url": {"url": url}}, "messages[0].content[0].type"),
    ):  # fmt: skip
        asked = {**SPEAK, "messages": [{"role": "user", "content": [part]}]}
        _, body, _ = post(vendor, "/v1/chat/completions", asked)
        assert body["error"]["param"] == param


@pytest.mark.parametrize(
    ("name", "status", "keys"),
    [
        ("openai", 400, ["error"]),
        ("vllm", 400, ["object", "message", "type", "param", "code"]),
        ("speaches", 422, ["detail"]),
        ("openrouter", 400, ["success", "error"]),
    ],
)
def test_errors_have_many_shapes(
    serve: Serve, post: Post, name: str, status: int, keys: list[str]
) -> None:
    quirks = PROFILES[name]
    found, body, _ = post(serve(quirks=quirks), _chat(quirks), {"model": "gpt-audio-1.5"})
    assert (found, list(body)) == (status, keys)


def test_speech_may_be_json(serve: Serve, post: Post) -> None:
    vendor = serve(quirks=PROFILES["mistral"])
    _, body, headers = post(vendor, "/v1/audio/speech", {**SPEECH, "response_format": "wav"})
    assert headers["content-type"] == "application/json"
    assert tone_ear(*decode_audio(base64.b64decode(body["audio_data"]))) == "hello"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("openai", "audio/mpeg"), ("localai", "audio/wav"),
     ("openrouter", "audio/pcm;rate=24000;channels=1")],
)  # fmt: skip
def test_speech_has_its_own_default(serve: Serve, post: Post, name: str, content_type: str) -> None:
    quirks = PROFILES[name]
    _, _, headers = post(serve(quirks=quirks), quirks.prefix + "/audio/speech", SPEECH)
    assert headers["content-type"] == content_type


def test_usage_of_speech_may_have_another_name(serve: Serve, post: Post) -> None:
    asked = {**SPEECH, "stream_format": "sse", "model": "kokoro"}
    _, raw, _ = post(serve(quirks=PROFILES["speaches"]), "/v1/audio/speech", asked)
    assert b'"token_usage"' in raw
    assert b'"usage"' not in raw


def test_a_transcript_may_be_verbose_and_call_its_words_text(serve: Serve) -> None:
    vendor = serve(quirks=PROFILES["localai"])
    with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        answer = client.audio.transcriptions.create(model="w", file=("a.wav", vendor_wav()))
        extra: Any = answer.model_extra
        assert extra["words"][0]["text"] == "x"
        with client.audio.transcriptions.with_streaming_response.create(
            model="w", file=("a.wav", vendor_wav()), stream=True
        ) as events:
            assert events.read().endswith(b"data: [DONE]\n\n")


def test_a_transcription_may_come_as_json(serve: Serve, post: Post) -> None:
    quirks = PROFILES["openrouter"]
    audio = {"data": base64.b64encode(vendor_wav()).decode(), "format": "wav"}
    asked = {"model": "w", "input_audio": audio}
    _, body, _ = post(serve(quirks=quirks), quirks.prefix + "/audio/transcriptions", asked)
    assert body["text"] == "x"


def test_usage_may_tell_the_cost(serve: Serve, post: Post) -> None:
    quirks = PROFILES["openrouter"]
    asked = {**SPEAK, "modalities": ["text"], "model": "gpt-4o-mini", "audio": None}
    _, body, _ = post(serve(quirks=quirks), _chat(quirks), asked)
    assert body["usage"]["cost"] > 0


@pytest.mark.parametrize(
    ("name", "path"),
    [("groq", "/chat/completions"), ("groq", "/audio/speech"), ("vllm", "/audio/speech"),
     ("openrouter", "/audio/translations"), ("qwen-omni", "/audio/transcriptions")],
)  # fmt: skip
def test_what_a_server_has_not_is_not_found(serve: Serve, post: Post, name: str, path: str) -> None:
    quirks = PROFILES[name]
    assert post(serve(quirks=quirks), quirks.prefix + path, SPEAK)[0] == 404


def test_an_unknown_audio_id_may_be_a_500(serve: Serve, post: Post) -> None:
    messages = [{"role": "assistant", "audio": {"id": "audio_x"}}, *SPEAK["messages"]]
    asked = {**SPEAK, "messages": messages}
    assert post(serve(quirks=PROFILES["speaches"]), "/v1/chat/completions", asked)[0] == 500


@pytest.mark.slow
def test_azure_takes_twenty_megabytes(serve: Serve, post: Post) -> None:
    quirks = PROFILES["azure"]
    data = base64.b64encode(vendor_wav() + bytes(20 << 20)).decode()
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    asked = {**SPEAK, "messages": [{"role": "user", "content": [part]}]}
    assert post(serve(quirks=quirks), _chat(quirks), asked, headers={"api-key": "k"})[0] == 413
