"""`ossicle say`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossicle import Client

from ..conftest import Run, document


@pytest.mark.parametrize("more", [[], ["--stream"]])
def test_what_is_said_is_in_the_file(run: Run, tmp_path: Path, more: list[str]) -> None:
    result = run("say", "good morning", "--out", "a.mp3", *more)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    with Client("echo") as client:
        assert client.transcribe(tmp_path / "a.mp3").text == "good morning"


def test_json(run: Run) -> None:
    found = document(run("say", "good morning", "--out", "a.flac", "--json"))
    assert found["audio"]["path"] == "a.flac"
    assert found["model"] == "speak"


def test_text_by_standard_input_and_audio_by_standard_output(run: Run, tmp_path: Path) -> None:
    result = run("say", "-", "--out", "-", given="piped")
    (tmp_path / "a.wav").write_bytes(result.stdout_bytes)
    with Client("echo") as client:
        assert client.transcribe(tmp_path / "a.wav").text == "piped"


def test_an_unknown_voice_leaves_no_file(run: Run, tmp_path: Path) -> None:
    result = run("say", "hi", "--out", "a.wav", "--voice", "nobody")
    assert result.exit_code == 1
    assert "Use one of" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_cache_answers_the_second_time(run: Run, tmp_path: Path) -> None:
    words = ("say", "good morning", "--json", "--folder", "kept", "--out")
    origins = [
        document(run(*words, f"{name}.wav", *more))["receipt"].get("cache")
        for name, more in (("a", ["--cache"]), ("b", ["--cache"]), ("c", []), ("d", ["--no-cache"]))
    ]
    assert origins == ["made", "stored", None, None]
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    shown = document(run("storage", "show", "--folder", "kept", "--json"))
    assert shown["tenants"]["default"]["cached_values"] == 1


def test_a_folder_that_is_none_is_no_reason_not_to_speak(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("say", "hi", "--out", "a.wav", "--cache", "--folder", "file/in")
    assert result.exit_code == 0, result.stderr
    assert "without a cache" in result.stderr
    assert (tmp_path / "a.wav").exists()
