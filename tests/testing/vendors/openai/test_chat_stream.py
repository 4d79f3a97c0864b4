"""Chat audio as a stream."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from openai import OpenAI

from ossicle_testing.vendors.openai import PROFILES, FakeOpenAI, Quirks
from ossicle_testing.vendors.tones import tone_ear, tone_voice

from .conftest import Post, Serve

CHAT = "/v1/chat/completions"
STREAM: dict[str, Any] = {
    "model": "gpt-audio-1.5",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "pcm16"},
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "Count slowly to ten, please"}],
}
WORDS = "You said: Count slowly to ten, please"


def _events(raw: bytes) -> list[Any]:
    assert raw.endswith(b"\n\n")
    blocks = raw.decode().split("\n\n")[:-1]
    assert all(block.startswith("data: ") and "\n" not in block for block in blocks)
    return [block[6:] if block[6:] == "[DONE]" else json.loads(block[6:]) for block in blocks]


def _deltas(events: list[Any]) -> list[dict[str, Any]]:
    return [
        choice["delta"] for event in events if event != "[DONE]"
        for choice in event.get("choices") or ()
    ]  # fmt: skip


def _audios(events: list[Any]) -> list[dict[str, Any]]:
    return [delta["audio"] for delta in _deltas(events) if "audio" in delta]


def _pcm(events: list[Any]) -> bytes:
    return b"".join(base64.b64decode(audio["data"], validate=True)
                    for audio in _audios(events) if "data" in audio)  # fmt: skip


def _heard(pcm: bytes) -> str:
    return tone_ear((np.frombuffer(pcm, "<i2") / 32768).astype(np.float32), 24_000)


def _stream(serve: Serve, post: Post, *, seed: int = 0, **change: Any) -> list[Any]:
    status, raw, headers = post(serve(seed=seed), CHAT, {**STREAM, **change})
    assert status == 200
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    return _events(raw)


@pytest.mark.parametrize("seed", range(6))
def test_the_captured_order(serve: Serve, post: Post, seed: int) -> None:
    events = _stream(serve, post, seed=seed)
    audios = _audios(events)
    assert _heard(_pcm(events)) == WORDS
    assert "".join(audio.get("transcript", "") for audio in audios) == WORDS
    assert sum("id" in audio for audio in audios) == 1
    # Usage, then the delta with nothing but the expiry, then the end; no finish_reason at all.
    assert events[-1] == "[DONE]"
    assert list(events[-2]["choices"][0]["delta"]["audio"]) == ["expires_at"]
    assert "finish_reason" not in events[-2]["choices"][0]
    assert (events[-3]["choices"], events[-3]["usage"]["total_tokens"] > 0) == ([], True)
    assert all(event["usage"] is None for event in events[:-3])
    reasons = {choice.get("finish_reason") for event in events[:-1]
               for choice in event.get("choices") or ()}  # fmt: skip
    assert reasons == {None}


def test_pieces_are_of_the_captured_size(serve: Serve, post: Post) -> None:
    sizes = [len(base64.b64decode(audio["data"]))
             for audio in _audios(_stream(serve, post)) if "data" in audio]  # fmt: skip
    total = len(tone_voice(WORDS)) * 2
    assert sizes == [19_200] * (total // 19_200) + [total % 19_200]


def test_most_chunks_have_no_choices(serve: Serve, post: Post) -> None:
    events = _stream(serve, post)[:-1]
    missing = [event for event in events if "choices" not in event]
    null = [event for event in events if event.get("choices", 0) is None]
    assert missing
    assert null
    assert len(missing) + len(null) > len(events) / 2


def test_the_openings_vary(serve: Serve, post: Post) -> None:
    openings = set()
    for seed in range(20):
        audios = _audios(_stream(serve, post, seed=seed))
        openings.add(tuple(sorted(audios[0])))
    assert openings == {
        ("id", "transcript"), ("transcript",), ("data", "id"), ("id",),
    }  # fmt: skip


def test_obfuscation_and_usage_can_be_left_out(serve: Serve, post: Post) -> None:
    assert all("obfuscation" in event for event in _stream(serve, post)[:-1])
    plain = _stream(serve, post, stream_options={"include_obfuscation": False})[:-1]
    assert not any("obfuscation" in event or "usage" in event for event in plain)
    assert plain[-1]["choices"][0]["delta"]["audio"]["expires_at"]


@pytest.mark.parametrize("format", ["wav", "mp3", "flac", "opus"])
def test_only_pcm_can_be_streamed(vendor: FakeOpenAI, post: Post, format: str) -> None:
    asked = {**STREAM, "audio": {"voice": "alloy", "format": format}}
    status, body, _ = post(vendor, CHAT, asked)
    assert status == 400
    assert body["error"]["message"] == (
        f"Unsupported value: 'audio.format' does not support '{format}' when stream=true. "
        "Supported values are: 'pcm16'."
    )


def test_the_same_seed_gives_the_same_stream(serve: Serve, post: Post) -> None:
    assert _stream(serve, post, seed=5) == _stream(serve, post, seed=5)
    assert _stream(serve, post, seed=5) != _stream(serve, post, seed=6)


def test_the_official_client_reads_it(vendor: FakeOpenAI) -> None:
    pcm, words, expiry = b"", "", None
    with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        for chunk in client.chat.completions.create(**STREAM):
            for choice in chunk.choices or ():
                audio = choice.delta.audio
                if audio is not None:
                    pcm += base64.b64decode(audio.data or "")
                    words += audio.transcript or ""
                    expiry = audio.expires_at or expiry
    assert (words, _heard(pcm), expiry) == (WORDS, WORDS, 1_795_348_800 + 3600)


def test_text_streams_end_with_a_reason(serve: Serve, post: Post) -> None:
    events = _stream(serve, post, model="gpt-4o-mini", modalities=["text"], audio=None)
    assert "".join(delta.get("content") or "" for delta in _deltas(events)) == WORDS
    assert events[-3]["choices"][0]["finish_reason"] == "stop"
    assert events[-2]["usage"]["completion_tokens_details"]["audio_tokens"] == 0


TOOLS = [{"type": "function", "function": {"name": name, "parameters": {
    "type": "object", "properties": {"text": {"type": "string"}}}}}
    for name in ("count", "slowly")]  # fmt: skip


@pytest.mark.parametrize("talk", [None, "One moment."])
def test_tool_calls_come_in_fragments(serve: Serve, post: Post, talk: str | None) -> None:
    status, raw, _ = post(serve(tool_talk=talk), CHAT, {**STREAM, "tools": TOOLS})
    assert status == 200
    events = _events(raw)
    arguments, names = {0: "", 1: ""}, {}
    for delta in _deltas(events):
        for call in delta.get("tool_calls", ()):
            arguments[call["index"]] += call["function"]["arguments"]
            if "id" in call:
                names[call["index"]] = call["function"]["name"]
    said = STREAM["messages"][0]["content"]
    assert names == {0: "count", 1: "slowly"}
    assert [json.loads(text) for text in arguments.values()] == [{"text": said}] * 2
    assert sum("tool_calls" in delta for delta in _deltas(events)) > 6
    reasons = [choice["finish_reason"] for event in events[:-1]
               for choice in event.get("choices") or () if choice.get("finish_reason")]  # fmt: skip
    assert reasons == ["tool_calls"]
    assert ("" if talk is None else talk) == (_heard(_pcm(events)) if talk else "")
    assert any("expires_at" in audio for audio in _audios(events)) == (talk is not None)


def test_a_cut_stream_lacks_its_expiry(serve: Serve, post: Post) -> None:
    events = _stream(serve, post, max_completion_tokens=20)
    assert not any("expires_at" in audio for audio in _audios(events))
    assert events[-3]["choices"][0]["finish_reason"] == "length"


@pytest.mark.slow
@pytest.mark.parametrize("abandoned", ["whole", "sent"])
def test_who_leaves_early_pays_for_all_or_for_what_was_sent(serve: Serve, abandoned: str) -> None:
    vendor = serve(abandoned=abandoned, chat_model=lambda turns: "word " * 2000)
    with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        stream = client.chat.completions.create(**STREAM)
        next(iter(stream))
        stream.close()
    assert vendor.ledger.wait_idle(n_entries=1)
    (entry,) = vendor.ledger.entries
    assert entry.aborted
    whole = len(tone_voice("word " * 2000)) * 20 // 24_000
    share = entry.bill.output_audio_tokens / whole
    assert share == 1 if abandoned == "whole" else share < 0.9


@pytest.mark.parametrize("name", ["openrouter", "speaches"])
def test_references_may_stand_in_every_chunk(serve: Serve, post: Post, name: str) -> None:
    quirks: Quirks = PROFILES[name]
    _, raw, _ = post(serve(quirks=quirks), quirks.prefix + "/chat/completions", STREAM)
    events = _events(raw)
    audios = _audios(events)
    assert all("id" in audio and "expires_at" in audio for audio in audios)
    assert len({audio["id"] for audio in audios}) == 1
    assert any(choice.get("finish_reason") == "stop" for event in events[:-1]
               for choice in event["choices"])  # fmt: skip
    assert _heard(_pcm(events)) == WORDS


def test_base64_may_be_cut_anywhere_and_text_stand_in_content(serve: Serve, post: Post) -> None:
    quirks = PROFILES["qwen-omni"]
    asked = {**STREAM, "audio": {"voice": "Cherry", "format": "wav"}}
    _, raw, _ = post(serve(quirks=quirks), quirks.prefix + "/chat/completions", asked)
    events = _events(raw)
    joined = "".join(audio["data"] for audio in _audios(events))
    assert not joined.startswith("UklG")
    assert _heard(base64.b64decode(joined)) == WORDS
    assert "".join(delta.get("content") or "" for delta in _deltas(events)) == WORDS
    assert not any("id" in audio or "transcript" in audio for audio in _audios(events))
    assert any(len(audio["data"]) % 4 for audio in _audios(events))
