"""Each fault on the real surface, as a client sees it, and what the ledger says of it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from openai import OpenAI

from ossicle_testing.vendors import (
    Fault,
    FaultKind,
    ListedFaults,
    Request,
    RetryAfter,
    SeededFaults,
    every_fault,
)
from ossicle_testing.vendors.http import parse_event

from .conftest import Post, Serve

CHAT = "/v1/chat/completions"
WHOLE: dict[str, Any] = {
    "model": "gpt-audio-1.5",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
    "messages": [{"role": "user", "content": "héllo there"}],
}
STREAM: dict[str, Any] = {
    **WHOLE,
    "audio": {"voice": "alloy", "format": "pcm16"},
    "stream": True,
    "stream_options": {"include_usage": True},
}


def _spoiled(
    serve: Serve, post: Post, kind: FaultKind, asked: dict[str, Any], **fields: Any
) -> tuple[int, Any]:
    vendor = serve(schedule=ListedFaults([Fault(kind=kind, **fields)]))
    status, body, _ = post(vendor, CHAT, asked)
    assert vendor.ledger.wait_idle(n_entries=1)
    (entry,) = vendor.ledger.entries
    assert entry.fault is kind
    assert entry.executed == Fault(kind=kind).is_executed
    assert (entry.bill.amount > 0) == entry.executed
    return status, body


def _message(serve: Serve, post: Post, kind: FaultKind, **fields: Any) -> dict[str, Any]:
    status, body = _spoiled(serve, post, kind, WHOLE, **fields)
    assert status == 200
    message: dict[str, Any] = body["choices"][0]["message"]
    return message


def _chunks(serve: Serve, post: Post, kind: FaultKind, **fields: Any) -> list[dict[str, Any]]:
    status, raw = _spoiled(serve, post, kind, STREAM, **fields)
    assert status == 200
    blocks = [block + b"\n\n" for block in raw.split(b"\n\n")[:-1]]
    return [chunk for chunk in map(parse_event, blocks) if chunk is not None]


def _deltas(chunks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in chunks for choice in chunk.get("choices") or ()]


def _audios(chunks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [delta["audio"] for delta in _deltas(chunks) if "audio" in delta]


def test_no_choices(serve: Serve, post: Post) -> None:
    assert _spoiled(serve, post, FaultKind.EMPTY_CHOICES, WHOLE)[1]["choices"] == []
    assert _deltas(_chunks(serve, post, FaultKind.EMPTY_CHOICES)) == []


def test_text_where_sound_was_asked(serve: Serve, post: Post) -> None:
    message = _message(serve, post, FaultKind.AUDIO_MISSING)
    assert (message["content"], message["audio"]) == ("You said: héllo there", None)
    chunks = _chunks(serve, post, FaultKind.AUDIO_MISSING)
    assert _audios(chunks) == []
    assert "".join(delta.get("content") or "" for delta in _deltas(chunks)) == (
        "You said: héllo there"
    )
    reasons = [choice.get("finish_reason") for chunk in chunks
               for choice in chunk.get("choices") or ()]  # fmt: skip
    assert reasons[-1] == "stop"


@pytest.mark.parametrize(
    ("kind", "magic"),
    [(FaultKind.OTHER_FORMAT, b"\xff\xf3"), (FaultKind.NONSENSE_AUDIO, b"This is not audio")],
)
def test_sound_that_was_not_asked_for(
    serve: Serve, post: Post, kind: FaultKind, magic: bytes
) -> None:
    data = base64.b64decode(_message(serve, post, kind)["audio"]["data"])
    assert data.startswith(magic)
    first = next(audio["data"] for audio in _audios(_chunks(serve, post, kind)) if "data" in audio)
    assert base64.b64decode(first).startswith(magic)


def test_wav_where_mp3_was_asked(serve: Serve, post: Post) -> None:
    asked = {**WHOLE, "audio": {"voice": "alloy", "format": "mp3"}}
    _, body = _spoiled(serve, post, FaultKind.OTHER_FORMAT, asked)
    data = base64.b64decode(body["choices"][0]["message"]["audio"]["data"])
    assert data.startswith(b"RIFF")


@pytest.mark.parametrize(
    ("kind", "magic"),
    [(FaultKind.OTHER_FORMAT, b"RIFF"), (FaultKind.NONSENSE_AUDIO, b"This is not audio")],
)
def test_speech_that_was_not_asked_for(
    serve: Serve, post: Post, kind: FaultKind, magic: bytes
) -> None:
    vendor = serve(schedule=ListedFaults([kind]))
    asked = {"model": "tts-1", "voice": "alloy", "input": "x"}
    _, data, headers = post(vendor, "/v1/audio/speech", asked)
    assert (headers["content-type"], data[: len(magic)]) == ("audio/mpeg", magic)


def test_text_that_is_no_base64(serve: Serve, post: Post) -> None:
    data = _message(serve, post, FaultKind.INVALID_BASE64)["audio"]["data"]
    with pytest.raises(ValueError, match=r"."):
        base64.b64decode(data, validate=True)
    audios = _audios(_chunks(serve, post, FaultKind.INVALID_BASE64))
    assert {audio["data"] for audio in audios if "data" in audio} == {data}


def test_pieces_with_padding_hold_the_same_sound(serve: Serve, post: Post) -> None:
    plain = serve()
    _, raw, _ = post(plain, CHAT, STREAM)
    blocks = [parse_event(block + b"\n\n") for block in raw.split(b"\n\n")[:-1]]
    whole = [audio["data"] for audio in _audios([c for c in blocks if c]) if "data" in audio]
    pieces = [audio["data"] for audio in _audios(_chunks(serve, post, FaultKind.PADDED_BASE64))
              if "data" in audio]  # fmt: skip
    assert sum(piece.endswith("=") for piece in pieces) > len(whole)
    assert any(len(base64.b64decode(piece)) % 2 for piece in pieces)
    assert b"".join(map(base64.b64decode, pieces)) == b"".join(map(base64.b64decode, whole))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FaultKind.USAGE_NEGATIVE, -5),
        (FaultKind.USAGE_STRING, "many"),
        (FaultKind.USAGE_HUGE, 10**18),
    ],
)
def test_usage_that_cannot_be(serve: Serve, post: Post, kind: FaultKind, value: object) -> None:
    assert _spoiled(serve, post, kind, WHOLE)[1]["usage"]["total_tokens"] == value
    usages = [chunk["usage"] for chunk in _chunks(serve, post, kind) if chunk.get("usage")]
    assert [usage["completion_tokens"] for usage in usages] == [value]


def test_usage_that_is_no_number_or_not_there(serve: Serve, post: Post) -> None:
    usage = _spoiled(serve, post, FaultKind.USAGE_NAN, WHOLE)[1]["usage"]
    assert usage["total_tokens"] != usage["total_tokens"]
    assert "usage" not in _spoiled(serve, post, FaultKind.USAGE_MISSING, WHOLE)[1]
    chunks = _chunks(serve, post, FaultKind.USAGE_MISSING)
    assert not any(chunk.get("usage") for chunk in chunks)


@pytest.mark.parametrize(
    ("kind", "expiry"),
    [
        (FaultKind.EXPIRY_MISSING, None),
        (FaultKind.EXPIRY_PAST, 1_795_348_800 - 3600),
        (FaultKind.EXPIRY_IN_MS, (1_795_348_800 + 3600) * 1000),
    ],
)
def test_expiry_that_cannot_be_used(
    serve: Serve, post: Post, kind: FaultKind, expiry: int | None
) -> None:
    assert _message(serve, post, kind)["audio"].get("expires_at") == expiry
    found = [audio.get("expires_at") for audio in _audios(_chunks(serve, post, kind))]
    assert found[-1] == expiry


def test_expiry_in_every_chunk(serve: Serve, post: Post) -> None:
    audios = _audios(_chunks(serve, post, FaultKind.EXPIRY_REPEATED))
    assert {audio["expires_at"] for audio in audios} == {1_795_348_800 + 3600}
    assert len(audios) > 3


def test_the_same_id_for_every_answer(serve: Serve, post: Post) -> None:
    ids = {
        _message(serve, post, FaultKind.DUPLICATE_ID)["audio"]["id"],
        *(audio["id"] for audio in _audios(_chunks(serve, post, FaultKind.DUPLICATE_ID))
          if "id" in audio),
    }  # fmt: skip
    assert ids == {"audio_00000000000000000000000000000000"}


def test_a_refusal(serve: Serve, post: Post) -> None:
    message = _message(serve, post, FaultKind.REFUSAL)
    assert message["content"] is None
    assert message["refusal"]
    assert "audio" not in message
    chunks = _chunks(serve, post, FaultKind.REFUSAL)
    assert _audios(chunks) == []
    assert [delta["refusal"] for delta in _deltas(chunks) if delta.get("refusal")]


def test_a_tool_call_of_a_mebibyte(serve: Serve, post: Post) -> None:
    (call,) = _message(serve, post, FaultKind.HUGE_TOOL_CALL)["tool_calls"]
    assert len(call["function"]["arguments"]) > 1 << 20
    assert len(json.loads(call["function"]["arguments"])["text"]) == 1 << 20
    chunks = _chunks(serve, post, FaultKind.HUGE_TOOL_CALL, n_bytes=100)
    assert any("tool_calls" in delta for delta in _deltas(chunks))


def test_an_audio_id_that_is_suddenly_gone(serve: Serve, post: Post) -> None:
    messages = [{"role": "assistant", "audio": {"id": "audio_9"}}, *WHOLE["messages"]]
    asked = {**WHOLE, "messages": messages}
    status, body = _spoiled(serve, post, FaultKind.AUDIO_NOT_FOUND, asked)
    assert (status, body["error"]["code"]) == (400, "audio_not_found")
    assert body["error"]["param"] == "content.messages[0].audio.id"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.STATUS_401, "invalid_api_key"),
        (FaultKind.STATUS_404, "model_not_found"),
        (FaultKind.STATUS_429, "rate_limit_exceeded"),
        (FaultKind.QUOTA_429, "insufficient_quota"),
        (FaultKind.STATUS_500, None),
    ],
)
def test_statuses_come_in_the_vendors_words(
    serve: Serve, post: Post, kind: FaultKind, code: str | None
) -> None:
    vendor = serve(schedule=ListedFaults([Fault(kind=kind, retry_after=RetryAfter.SECONDS)]))
    status, body, headers = post(vendor, CHAT, WHOLE)
    assert (status, body["error"]["code"]) == (Fault(kind=kind).facts.status, code)
    assert headers["retry-after"] == "1"
    assert headers["x-request-id"].startswith("req_")


# What the official client at its defaults makes of each: the baseline that ossicle is to beat.
@pytest.mark.parametrize(
    ("kind", "executions"),
    [
        (FaultKind.RESET_AFTER_UPLOAD, 3),
        (FaultKind.CLOSE_BEFORE_HEADERS, 3),
        (FaultKind.TRUNCATED_LENGTH, 3),
        (FaultKind.STATUS_500, 3),
        (FaultKind.STATUS_429, 0),
        (FaultKind.STATUS_400, 0),
        (FaultKind.LATENCY, 1),
    ],
)
def test_the_ledger_counts_what_the_official_client_repeats(
    serve: Serve, kind: FaultKind, executions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAI, "_calculate_retry_timeout", lambda *args, **kwargs: 0.0)
    vendor = serve(schedule=ListedFaults([kind], repeat=True))
    with OpenAI(
        base_url=vendor.base_url, api_key="x", default_headers={"x-ossicle-nonce": "n"}
    ) as client:
        create: Any = client.chat.completions.create
        if executions == 1:
            create(**WHOLE)
        else:
            with pytest.raises(openai.APIError):
                create(**WHOLE)
    assert vendor.ledger.wait_idle()
    assert vendor.ledger.executions()["n"] == executions
    assert vendor.ledger.duplicates() == ({"n": 3} if executions == 3 else {})


def _fits(fault: Fault) -> bool:
    """Whether it can be waited for: no stall, and not for ever."""
    return fault.kind not in (
        FaultKind.NO_ANSWER, FaultKind.UPLOAD_STALL, FaultKind.STALL_IN_BODY,
        FaultKind.STREAM_ONLY_COMMENTS, FaultKind.SLICED,
    )  # fmt: skip


@pytest.mark.parametrize("asked", [WHOLE, STREAM], ids=["whole", "stream"])
def test_under_random_faults_the_books_agree(
    serve: Serve, post: Post, asked: dict[str, Any]
) -> None:
    faults = [fault for fault in every_fault() if _fits(fault)]
    drawn: dict[str, Fault | None] = {}
    seeded = SeededFaults(11, rate=0.7, faults=faults)

    def schedule(request: Request) -> Fault | None:
        fault = seeded(request)
        drawn[request.nonce or ""] = fault
        return fault

    vendor = serve(schedule=schedule)
    for number in range(80):
        # What the client sees is another test's concern; here the two books are compared.
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            post(vendor, CHAT, asked, headers={"x-ossicle-nonce": f"n{number}"})
    assert vendor.ledger.wait_idle(n_entries=80)
    for entry in vendor.ledger.entries:
        fault = drawn[entry.nonce or ""]
        assert entry.executed == (fault is None or fault.is_executed)
        assert (entry.bill.amount > 0) == entry.executed
        assert entry.fault in (None, fault and fault.kind)
    assert vendor.ledger.duplicates() == {}
    assert len({entry.fault for entry in vendor.ledger.entries}) > 20
