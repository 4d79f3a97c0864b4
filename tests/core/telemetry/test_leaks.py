"""No audio, word or key ever reaches statistics, spans or metrics, whatever goes wrong."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import Any

import pytest
from tests.profiles import tried

pytest.importorskip("opentelemetry.sdk")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.telemetry.otel import Backend

from ossicle import Client, Message, OssicleError, TextPart, Tool

FIELDS = (
    "text",
    "history",
    "instructions",
    "voice",
    "output_format",
    "language",
    "tool",
    "answer",
    "file",
    "bytes",
    "spoken",
    "provider_options",
)
FAULTS: tuple[dict[str, Any], ...] = (
    {},
    {"omit_audio": True},
    {"cut_at": 4},
    {"mislabel_audio": True},
    {"fail_with": "provider_unavailable"},
    {"fail_with": "authentication"},
    {"fail_with": "content_refused", "fail_at": 3},
    {"fail_with": "invalid_reply", "fail_at": 2},
)


def canary(field: str) -> str:
    return f"canary{field}bird"


def ask(client: Client, field: str, fault: dict[str, Any], folder: Path) -> None:
    """One call with a canary in one field."""
    word = canary(field)
    script = dict(fault)
    arguments: dict[str, Any] = {"text": word}
    match field:
        case "history":
            message = Message(role="user", parts=(TextPart(text=word),))
            arguments["history"] = (message, message.model_copy(update={"role": "assistant"}))
        case "tool":
            arguments["text"] = f"call {word} {{}}"
            arguments["tools"] = [Tool(name=word, description=word)]
        case "answer":
            script["answer"] = word
        case "file":
            path = folder / f"{word}.wav"
            path.write_bytes(client.speak("hello").audio.read_bytes())  # type: ignore[union-attr]
            arguments = {"audio": path}
        case "bytes":
            arguments = {"audio": word.encode() * 50}
        case "spoken":
            arguments = {"audio": client.speak(word).audio, "output": {"text"}}
        case "provider_options":
            script[word] = word
        case "instructions" | "voice" | "output_format" | "language":
            arguments[field] = word
    client.respond(**arguments, provider_options={"echo": script}, timeout_s=30)


def told(backend: Backend, client: Client) -> str:
    return "\n".join((backend.text(), client.stats.snapshot().to_json(), str(client.stats)))


def leaks(text: str, words: list[str]) -> list[str]:
    """Which words stand in the text, also as base64 at any of its three offsets."""
    found = []
    for word in words:
        encoded = [
            base64.b64encode(b"\0" * shift + word.encode())[4:-4].decode() for shift in range(3)
        ]
        found += [form for form in (word, *encoded) if form in text]
    return found


@settings(
    deadline=None,
    max_examples=tried(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(field=st.sampled_from(FIELDS), fault=st.sampled_from(FAULTS))
def test_no_input_reaches_telemetry(field: str, fault: dict[str, Any], tmp_path: Path) -> None:
    backend = Backend()
    with Client("echo", api_key=canary("key"), plugins=[backend.listener]) as client:
        with contextlib.suppress(OssicleError):  # what is told of an error is the point
            ask(client, field, fault, tmp_path)
        text = told(backend, client)
    assert leaks(text, [canary(field), canary("key")]) == []


@pytest.mark.parametrize("field", ["text", "spoken", "answer", "history", "tool", "file"])
def test_those_calls_are_told_of(field: str, tmp_path: Path) -> None:
    backend = Backend()
    with Client("echo", plugins=[backend.listener]) as client:
        ask(client, field, {}, tmp_path)
        assert "turn_" in backend.text()
        assert client.stats.snapshot().total.finished >= 1


def test_a_leak_would_be_found() -> None:
    word = canary("text")
    assert leaks(f"so {word} it is", [word])
    for shift in range(3):
        assert leaks(base64.b64encode(b"x" * shift + word.encode() + b"yz").decode(), [word])
