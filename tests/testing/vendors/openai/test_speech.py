from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from openai import OpenAI

from ossicle_testing.vendors.audio import decode_audio
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.tones import tone_ear

from .conftest import Post

SPEECH = "/v1/audio/speech"
ASKED: dict[str, Any] = {"model": "gpt-4o-mini-tts", "voice": "nova", "input": "Read this aloud"}


@pytest.mark.parametrize(
    ("format", "content_type"),
    [(None, "audio/mpeg"), ("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("flac", "audio/flac"),
     ("opus", "audio/opus")],
)  # fmt: skip
def test_every_format(
    vendor: FakeOpenAI, post: Post, format: str | None, content_type: str
) -> None:
    asked = ASKED if format is None else {**ASKED, "response_format": format}
    status, data, headers = post(vendor, SPEECH, asked)
    assert (status, headers["content-type"]) == (200, content_type)
    assert "content-length" not in headers
    assert tone_ear(*decode_audio(data)) == "Read this aloud"


def test_the_official_client_streams_samples(vendor: FakeOpenAI) -> None:
    with (
        OpenAI(base_url=vendor.base_url, api_key="x") as client,
        client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input="Raw", response_format="pcm"
        ) as answer,
    ):
        pcm = b"".join(answer.iter_bytes())
        assert answer.headers["content-type"] == "audio/pcm"
    assert tone_ear((np.frombuffer(pcm, "<i2") / 32768).astype(np.float32), 24_000) == "Raw"
    # Three characters at 15 dollars a million.
    assert str(vendor.ledger.total.amount) == "0.000045"


def test_events_tell_the_usage(vendor: FakeOpenAI, post: Post) -> None:
    asked = {**ASKED, "stream_format": "sse", "response_format": "pcm", "instructions": "slow"}
    _, raw, headers = post(vendor, SPEECH, asked)
    assert headers["content-type"].startswith("text/event-stream")
    events = [json.loads(block[6:]) for block in raw.decode().split("\n\n")[:-1]]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    pcm = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    frames = len(pcm) // 2
    assert events[-1] == {
        "type": "speech.audio.done",
        # Fifteen and four letters: four and one token.
        "usage": {"input_tokens": 5, "output_tokens": frames * 20 // 24_000,
                  "total_tokens": 5 + frames * 20 // 24_000},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "marker"),
    [
        ({"input": "é" * 4096, "model": "tts-1"}, 200, None),
        ({"input": "é" * 4097, "model": "tts-1"}, 400, "String should have at most 4096"),
        ({"input": "漢" * 4096}, 400, "Input of 3072 tokens is over the maximum"),
        ({"input": ""}, 400, "string_too_short"),
        ({"voice": "bob"}, 400, "Invalid value: 'bob'"),
        ({"voice": {"id": "voice_1234"}}, 200, None),
        ({"response_format": "ogg"}, 400, "Invalid value: 'ogg'"),
        ({"speed": 0.25, "input": "x"}, 200, None),
        ({"speed": 4.1}, 400, "above maximum"),
        ({"instructions": "x" * 4097}, 400, "maximum length of 4096"),
        ({"stream_format": "sse", "model": "tts-1-hd"}, 400, "stream_format"),
        ({"stream_format": "json"}, 400, "Invalid value: 'json'"),
        ({"surprise": True}, 200, None),
        ({"model": "tts-9"}, 404, "does not exist"),
        ({"model": "gpt-audio-1.5"}, 404, "not supported for this endpoint"),
    ],
)  # fmt: skip
def test_limits(
    vendor: FakeOpenAI, post: Post, change: dict[str, Any], status: int, marker: str | None
) -> None:
    found, body, _ = post(vendor, SPEECH, {**ASKED, "response_format": "pcm", **change})
    assert found == status
    if marker is not None:
        assert marker in body["error"]["message"]


def test_a_faster_voice_is_shorter(vendor: FakeOpenAI, post: Post) -> None:
    sizes = [
        len(post(vendor, SPEECH, {**ASKED, "response_format": "pcm", "speed": speed})[1])
        for speed in (1.0, 2.0)
    ]
    assert sizes[1] * 2 == pytest.approx(sizes[0], abs=4)


@pytest.mark.parametrize("missing", ["model", "voice", "input"])
def test_what_is_required(vendor: FakeOpenAI, post: Post, missing: str) -> None:
    asked = {name: value for name, value in ASKED.items() if name != missing}
    _, body, _ = post(vendor, SPEECH, asked)
    assert body["error"]["code"] == "missing_required_parameter"
    assert body["error"]["param"] == missing
