"""`ossicle demo`, with the echo, and with real speech where the models are installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ossicle import Client
from ossicle.words import word_error_rate
from ossicle_cli.demo_clip import recorded_question

from ..conftest import Run, document

needs_models = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None
        for name in ("hibari", "moonshine_voice", "earshot", "onnxruntime", "ossicle_local")),
    reason="the extra `local` is not installed",
)  # fmt: skip


def test_the_echo_demo_proves_itself(run: Run, tmp_path: Path) -> None:
    found = document(run("demo", "--json"))
    assert found["question"]["heard"] == found["question"]["words"]
    assert found["read_back"]["word_error_rate"] == 0
    assert found["read_back"]["text"] == found["reply"]["text"]
    with Client("echo") as client:
        answer = client.transcribe(tmp_path / "ossicle-answer.wav").text
    assert answer == found["reply"]["text"]


def test_a_person_sees_plan_receipt_and_proof(run: Run) -> None:
    shown = run("demo", "--out", "a.mp3")
    assert shown.exit_code == 0
    for words in ("What was heard", "matrix", "The receipt", "word error rate 0%", "wrote a.mp3"):
        assert words in shown.stdout


def test_without_local_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSSICLE_PROVIDER")
    monkeypatch.setattr("ossicle_cli.default_provider.is_ready", lambda name, host: False)
    assert "`local` is not installed" in run("demo").stderr


def test_a_folder_that_is_not_there_is_known_at_once(run: Run) -> None:
    assert run("demo", "--out", "no/such/a.wav").exit_code == 1
    assert run("demo", "--out", "-").exit_code == 2


@pytest.mark.skipif(
    importlib.util.find_spec("moonshine_voice") is None, reason="no recording is installed"
)
def test_the_recording_is_cut_at_a_pause() -> None:
    question = recorded_question()
    assert question is not None
    assert question.clip.duration_s is not None
    assert 8.0 <= question.clip.duration_s <= 12.0
    samples = question.clip.to_pcm().samples
    assert abs(samples[-1000:]).max() < 0.02
    assert "MIT" in question.source


@needs_models
@pytest.mark.models
def test_the_real_demo_hears_a_person_and_is_understood(run: Run) -> None:
    found = document(run("demo", "--provider", "local", "--json"))
    assert found["question"]["word_error_rate"] <= 0.1
    assert found["read_back"]["word_error_rate"] <= 0.1
    assert word_error_rate(found["question"]["words"], found["question"]["heard"]) <= 0.1
