"""The fake ElevenLabs as any HTTP client sees it; expectations are the documented shapes."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from ossicle_testing.vendors import encode_reply, tone_ear, tone_voice
from ossicle_testing.vendors.elevenlabs import FakeElevenLabs

VOICE = "JBFqnCBsd6RMkjVDRZzb"
JSON = {"content-type": "application/json"}


def post(
    vendor: FakeElevenLabs, path: str, body: bytes, *, key: str = "k", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    server = vendor
    sent = {**({"xi-api-key": key} if key else {}), **headers}
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as client:
        client.request("POST", path, body=body, headers=sent)
        answer = client.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read()


def say(
    vendor: FakeElevenLabs, *, voice: str = VOICE, query: str = "output_format=pcm_24000",
    way: str = "", **body: Any,
) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
    raw = json.dumps({"text": "Hello", **body}).encode()
    path = f"/v1/text-to-speech/{voice}{way}?{query}"
    return post(vendor, path, raw, **JSON)


def form(*parts: tuple[str, str], file: bytes | None) -> tuple[bytes, str]:
    body = b""
    for name, text in parts:
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
    if file is not None:
        body += b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        body += file + b"\r\n"
    return body + b"--x--\r\n", "multipart/form-data; boundary=x"


def hear(
    vendor: FakeElevenLabs, *parts: tuple[str, str], file: bytes | None
) -> tuple[int, dict[str, Any]]:
    body, kind = form(*parts, file=file)
    headers = {"content-type": kind}
    status, _, answer = post(vendor, "/v1/speech-to-text", body, **headers)
    return status, json.loads(answer)


@pytest.mark.parametrize("way", ["", "/stream"])
def test_it_speaks_and_counts_credits(way: str) -> None:
    with FakeElevenLabs() as vendor:
        status, headers, data = say(vendor, way=way, model_id="eleven_flash_v2_5")
        (entry,) = vendor.ledger.executed
    assert (status, headers["content-type"]) == (200, "audio/pcm")
    # Half a credit for a character, rounded up; five characters for the bill all the same.
    assert headers["character-cost"] == "3"
    assert headers["request-id"]
    assert entry.bill.characters == 5
    assert entry.bill.amount * 1_000_000 == 5 * 50
    samples = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    assert tone_ear(samples, 24_000) == "Hello"


def test_it_hears_and_bills_by_the_second() -> None:
    samples = tone_voice("Hello there")
    with FakeElevenLabs() as vendor:
        sound = encode_reply(samples, "flac")
        status, answer = hear(vendor, ("model_id", "scribe_v2"), ("diarize", "true"), file=sound)
        (entry,) = vendor.ledger.executed
    assert status == 200
    assert answer["text"] == "Hello there"
    assert [word["text"] for word in answer["words"]] == ["Hello", " ", "there"]
    assert answer["words"][0]["speaker_id"] == "speaker_0"
    assert entry.bill.seconds == pytest.approx(len(samples) / 24_000)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"model_id": "none"}, 400, "model_not_found"),
        ({"model_id": "scribe_v2"}, 400, "model_not_found"),
        ({"voice": "none"}, 404, "voice_not_found"),
        ({"text": "  "}, 400, "invalid_text"),
        ({"text": "x" * 10_001}, 400, "max_character_limit_exceeded"),
        ({"language_code": "de"}, 400, "unsupported_language"),
        ({"model_id": "eleven_v3", "next_text": "x"}, 400, "unsupported_parameter"),
        ({"query": "output_format=pcm_1"}, 400, "invalid_output_format"),
        ({"query": "output_format=pcm_44100"}, 403, "output_format_not_allowed"),
        ({"query": "nonsense=1"}, 400, "invalid_parameters"),
        ({"text": "bad words"}, 400, "content_against_policy"),
    ],
)
def test_it_refuses_in_the_vendors_words(change: dict[str, Any], status: int, code: str) -> None:
    with FakeElevenLabs(forbidden=["bad"]) as vendor:
        found, _, body = say(vendor, **change)
        assert not vendor.ledger.executed
    assert (found, json.loads(body)["detail"]["code"]) == (status, code)


@pytest.mark.parametrize(
    "body", [{"text": 1}, {"surprise": 1}, {"voice_settings": {"speed": 9}}, {"seed": -1}]
)
def test_it_reads_bodies_strictly(body: dict[str, Any]) -> None:
    with FakeElevenLabs() as vendor:
        status, _, answer = say(vendor, **body)
    (entry,) = json.loads(answer)["detail"]
    assert status == 422
    assert entry["loc"] == ["body", *next(iter(_steps(body)))]


def _steps(body: dict[str, Any]) -> list[list[str]]:
    return [[name, *(value if isinstance(value, dict) else ())] for name, value in body.items()]


@pytest.mark.parametrize(
    ("parts", "file", "status"),
    [
        ([], b"RIFF", 422),
        ([("model_id", "scribe_v2")], None, 422),
        ([("model_id", "scribe_v2"), ("model_id", "scribe_v2")], b"RIFF", 422),
        ([("model_id", "scribe_v2"), ("diarize", "perhaps")], b"RIFF", 422),
        ([("model_id", "scribe_v2"), ("surprise", "1")], b"RIFF", 422),
        ([("model_id", "scribe_v2")], b"no audio", 400),
    ],
)
def test_it_reads_forms_strictly(
    parts: list[tuple[str, str]], file: bytes | None, status: int
) -> None:
    with FakeElevenLabs() as vendor:
        assert hear(vendor, *parts, file=file)[0] == status
        assert not vendor.ledger.executed


def test_it_knows_its_keys() -> None:
    with FakeElevenLabs(keys=["right"]) as vendor:
        answers = [
            post(vendor, f"/v1/text-to-speech/{VOICE}", b'{"text": "x"}', key=key, **JSON)
            for key in ("", "wrong", "right")
        ]
    codes = [json.loads(answer[2])["detail"]["code"] for answer in answers[:2]]
    assert codes == ["needs_authorization", "invalid_api_key"]
    assert [answer[0] for answer in answers] == [401, 401, 200]
