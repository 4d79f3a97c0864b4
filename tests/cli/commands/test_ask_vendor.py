"""`ossicle ask` with a cloud provider over a real socket; the address is all that is set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ossicle import Client
from ossicle.audio import AudioClip
from ossicle_testing.vendors.openai import FakeOpenAI

from ..conftest import Run

pytest.importorskip("openai")

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def question(tmp_path: Path) -> str:
    with Client("echo") as client:
        reply = client.speak("can you hear me", output_format="flac")
        assert reply.audio is not None
        reply.audio.save(tmp_path / "question.flac")
    return "question.flac"


@pytest.mark.parametrize("streams", [False, True])
def test_the_answer_of_a_vendor_becomes_the_file_that_was_asked_for(
    run: Run, question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streams: bool
) -> None:
    with FakeOpenAI() as vendor:
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        more = ["--stream"] if streams else []
        result = run(
            "ask", "--provider", "openai:gpt-audio-1.5", "--audio", question,
            "--out", "answer.mp3", "--json", "--quality", "off", *more,
        )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["provider"] == "openai"
    assert found["text"]
    clip = AudioClip.from_path(tmp_path / "answer.mp3")
    assert clip.format.name == "mp3"
    assert clip.to_pcm().duration_s > 0.2
    assert KEY not in result.stdout + result.stderr


def test_a_missing_key_is_known_before_anything_is_sent(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    result = run("ask", "hi", "--provider", "openai", "--out", "answer.mp3", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "missing_key"
    assert "OPENAI_API_KEY" in result.stderr
    assert list(tmp_path.iterdir()) == []
