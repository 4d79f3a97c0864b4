"""`ossicle transcribe`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossicle import Client

from ..conftest import Run, document


@pytest.fixture(autouse=True)
def _clips(tmp_path: Path) -> None:
    with Client("echo") as client:
        for name in ("one", "two"):
            reply = client.speak(f"this is {name}")
            assert reply.audio is not None
            reply.audio.save(tmp_path / f"{name}.wav")
    (tmp_path / "bad.wav").write_bytes(b"not audio " * 30)


def test_one_file_is_its_text_alone(run: Run) -> None:
    assert run("transcribe", "one.wav").stdout == "this is one\n"


def test_several_files_are_named(run: Run) -> None:
    assert run("transcribe", "one.wav", "two.wav").stdout == (
        "one.wav\tthis is one\ntwo.wav\tthis is two\n"
    )


def test_a_bad_file_among_good_ones_loses_nothing(run: Run) -> None:
    result = run("transcribe", "one.wav", "bad.wav", "two.wav", "--json")
    assert result.exit_code == 1
    files = document(result)["files"]
    assert [entry["file"] for entry in files] == ["one.wav", "bad.wav", "two.wav"]
    assert files[0]["text"] == "this is one"
    assert files[1]["error"]["code"] == "malformed_audio"
    assert files[2]["text"] == "this is two"
    assert "error: bad.wav" in result.stderr


def test_a_bad_file_alone_is_an_error(run: Run) -> None:
    result = run("transcribe", "bad.wav", "--json")
    assert result.exit_code == 1
    assert document(result)["error"]["code"] == "malformed_audio"


def test_standard_input(run: Run) -> None:
    given = Path("one.wav").read_bytes()
    assert run("transcribe", "-", given=given).stdout == "this is one\n"


def test_out_is_written_all_or_nothing(run: Run, tmp_path: Path) -> None:
    assert run("transcribe", "one.wav", "--out", "one.txt").exit_code == 0
    assert (tmp_path / "one.txt").read_text() == "this is one\n"
    assert run("transcribe", "bad.wav", "--out", "one.txt").exit_code == 1
    assert (tmp_path / "one.txt").read_text() == "this is one\n"


def test_captions_need_times(run: Run) -> None:
    result = run("transcribe", "one.wav", "--format", "srt")
    assert result.exit_code == 1
    assert "tells no times" in result.stderr
    assert run("transcribe", "one.wav", "two.wav", "--format", "vtt").exit_code == 2


def test_a_cache_answers_the_second_time(run: Run) -> None:
    run("say", "good morning", "--out", "a.wav")
    origins = []
    for _ in range(2):
        result = run("transcribe", "a.wav", "--json", "--cache", "--folder", "kept")
        origins.append(document(result)["files"][0]["receipt"]["cache"])
    assert origins == ["made", "stored"]
