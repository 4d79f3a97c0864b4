"""The fake Gemini as any HTTP client sees it; expectations are the vendor's documented shapes."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from ossicle_testing.vendors import FAULT_FACTS, Fault, FaultKind, ListedFaults
from ossicle_testing.vendors.audio import encode_reply
from ossicle_testing.vendors.gemini import MODELS, FakeGemini, spoken_tokens, text_tokens
from ossicle_testing.vendors.tones import tone_ear, tone_voice

CHAT = "gemini-3.8-flash"
SPEECH = "gemini-3.8-flash-tts"
HELLO = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
Post = Callable[..., tuple[int, Any]]


@pytest.fixture(name="post")
def make_post() -> Post:
    def post(
        vendor: FakeGemini, body: object, *, model: str = CHAT, stream: bool = False, key: str = "k"
    ) -> tuple[int, Any]:
        server = vendor
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"x-goog-api-key": key} if key else {}
        with closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as client:
            client.request("POST", f"/v1beta/models/{model}:{method}", body=raw, headers=headers)
            answer = client.getresponse()
            data = answer.read()
        if not stream or answer.status != 200:
            return answer.status, json.loads(data)
        return answer.status, [json.loads(one[6:]) for one in data.split(b"\n\n") if one]

    return post


def speech(text: str = "Hello", **config: Any) -> dict[str, Any]:
    voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}
    generation = {"responseModalities": ["AUDIO"], "speechConfig": voice, **config}
    return {"contents": [{"parts": [{"text": text}]}], "generationConfig": generation}


def blob(text: str) -> dict[str, Any]:
    data = base64.b64encode(encode_reply(tone_voice(text), "flac")).decode()
    return {"inlineData": {"mimeType": "audio/flac", "data": data}}


def test_it_hears_and_bills_by_modality(post: Post) -> None:
    body = {"contents": [{"parts": [{"text": "Say:"}, blob("Good day")]}]}
    with FakeGemini(thoughts=9) as vendor:
        status, answer = post(vendor, body)
        (entry,) = vendor.ledger.executed
    assert status == 200
    (candidate,) = answer["candidates"]
    *_, part = candidate["content"]["parts"]
    assert part["text"] == "You said: Say: Good day"
    assert candidate["finishReason"] == "STOP"
    seconds = len(tone_voice("Good day")) / 24_000
    assert entry.bill.input_audio_tokens == int(25 * seconds)
    usage = answer["usageMetadata"]
    assert usage["thoughtsTokenCount"] == 9
    assert usage["candidatesTokenCount"] == text_tokens("You said: Say: Good day")
    assert usage["totalTokenCount"] == entry.bill.input_tokens + entry.bill.output_tokens
    assert entry.bill.amount > 0


@pytest.mark.parametrize("stream", [False, True])
def test_it_speaks_little_endian_samples(post: Post, stream: bool) -> None:
    with FakeGemini() as vendor:
        status, answer = post(vendor, speech(), model=SPEECH, stream=stream)
        (entry,) = vendor.ledger.executed
    assert status == 200
    bodies = answer if stream else [answer]
    blobs = [
        part["inlineData"]
        for body in bodies
        for part in body["candidates"][0]["content"]["parts"]
        if "inlineData" in part
    ]
    assert {one["mimeType"] for one in blobs} == {"audio/L16;codec=pcm;rate=24000"}
    assert (len(blobs) > 1) == stream
    pcm = b"".join(base64.b64decode(one["data"]) for one in blobs)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
    assert tone_ear(samples, 24_000) == "Hello"
    assert entry.bill.output_audio_tokens == spoken_tokens(len(samples))
    assert bodies[-1]["candidates"][0]["finishReason"] == "STOP"


CALL = {"functionCall": {"name": "look", "args": {}, "id": "a"}}
RESULT = {"functionResponse": {"name": "look", "id": "a", "response": {"output": "x"}}}


def talk(*turns: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"contents": [{"role": role, "parts": [part]} for role, part in turns]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "Unexpected token"),
        ([], "Unexpected token"),
        ({}, "contents is not specified"),
        ({**HELLO, "messages": []}, 'Unknown name "messages"'),
        ({**HELLO, "generationConfig": {"n": 1}}, 'Unknown name "n"'),
        (talk(("assistant", {"text": "a"})), "valid role"),
        ({"contents": [{"parts": []}]}, "must not be empty"),
        (talk(("user", {"image": 1})), 'Unknown name "image"'),
        (talk(("user", {"inlineData": {"mimeType": "audio/x", "data": ""}})), "MIME type"),
        (talk(("user", {"inlineData": {"mimeType": "audio/wav", "data": "@@@@"}})), "inline_data"),
        (talk(("user", {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}})), "argument"),
        (talk(("user", {"text": "a"}), ("model", CALL), ("user", RESULT)), "thought_signature"),
        (talk(("model", {**CALL, "thoughtSignature": "x"}), ("user", RESULT)), "Corrupted"),
        (
            talk(("model", {**CALL, "thoughtSignature": "skip_thought_signature_validator"}),
                 ("user", {"text": "no"})),
            "number of function response parts",
        ),
        (speech(), "response modalities"),
    ],
)  # fmt: skip
def test_what_the_vendor_would_refuse(post: Post, body: object, says: str) -> None:
    with FakeGemini() as vendor:
        status, answer = post(vendor, body)
        assert not vendor.ledger.executed
    assert status == 400
    assert answer["error"]["status"] == "INVALID_ARGUMENT"
    assert says in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (HELLO, "response modalities"),
        (speech(temperature=1.0), "temperature"),
        (speech(speechConfig={"voiceConfig": {"voice": "Nobody"}}), "Voice name"),
        ({**speech(), "systemInstruction": {"parts": [{"text": "a"}]}}, "Developer instruction"),
        ({**speech(), "contents": [{"parts": [blob("a")]}]}, "Audio input"),
    ],
)
def test_what_a_speech_model_would_refuse(post: Post, body: object, says: str) -> None:
    with FakeGemini() as vendor:
        status, answer = post(vendor, body, model=SPEECH)
    assert status == 400
    assert says in answer["error"]["message"]


def test_a_call_and_its_signature_come_back(post: Post) -> None:
    tools = [{"functionDeclarations": [{"name": "look", "description": ""}]}]
    question = ("user", {"text": "look"})
    with FakeGemini() as vendor:
        _, first = post(vendor, {**talk(question), "tools": tools})
        (part,) = first["candidates"][0]["content"]["parts"]
        result = {"functionResponse": {**RESULT["functionResponse"],
                                       "id": part["functionCall"]["id"]}}  # fmt: skip
        _, second = post(vendor, {**talk(question, ("model", part), ("user", result)),
                                  "tools": tools})  # fmt: skip
    assert part["thoughtSignature"]
    (said,) = second["candidates"][0]["content"]["parts"]
    assert said["text"] == "The tool said: x"


def test_keys_and_models(post: Post) -> None:
    with FakeGemini(keys=["k"]) as vendor:
        assert post(vendor, HELLO)[0] == 200
        status, answer = post(vendor, HELLO, key="other")
        assert (status, answer["error"]["details"][0]["reason"]) == (400, "API_KEY_INVALID")
        assert post(vendor, HELLO, key="")[0] == 403
        assert post(vendor, HELLO, model="gemini-0")[0] == 404
        assert len(vendor.ledger.executed) == 1


def test_blocked_prompts_are_answered_without_candidates(post: Post) -> None:
    with FakeGemini(blocks={"hello": "SAFETY"}) as vendor:
        for stream in (False, True):
            _, answer = post(vendor, HELLO, stream=stream)
            body = answer[0] if stream else answer
            assert body["promptFeedback"] == {"blockReason": "SAFETY"}
            assert "candidates" not in body


def _is_status(kind: FaultKind) -> bool:
    return FAULT_FACTS[kind].status is not None and kind is not FaultKind.REDIRECT


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if _is_status(kind)])
def test_refusals_carry_the_vendors_envelope(kind: FaultKind) -> None:
    with FakeGemini(schedule=ListedFaults([Fault(kind=kind)])) as vendor:
        server = vendor
        with closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as client:
            path = f"/v1beta/models/{CHAT}:generateContent"
            client.request("POST", path, body=json.dumps(HELLO), headers={"x-goog-api-key": "k"})
            answer = client.getresponse()
            data = answer.read()
    assert answer.status == FAULT_FACTS[kind].status
    if data.startswith(b"{"):
        error = json.loads(data)["error"]
        assert error["code"] == answer.status
        assert error["status"].isupper()


def test_names_may_be_written_either_way_and_the_callers_own_data_stays(post: Post) -> None:
    schema = {"type": "object", "properties": {"at_place": {"type": "string"}}}
    declared = {"name": "look", "description": "", "parameters_json_schema": schema}
    body = {
        **talk(("user", {"text": "look"})),
        "tools": [{"function_declarations": [declared]}],
        "generation_config": {"max_output_tokens": 50},
    }
    with FakeGemini() as vendor:
        status, answer = post(vendor, body)
    assert status == 200
    (part,) = answer["candidates"][0]["content"]["parts"]
    assert part["functionCall"]["args"] == {"at_place": "look"}


def test_every_model_is_served() -> None:
    assert {model.kind for model in MODELS.values()} == {"chat", "speech", "transcription"}
    with FakeGemini() as vendor:
        vendor.close()
        vendor.close()
