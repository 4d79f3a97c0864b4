"""`ossicle inspect`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ossicle_cli.progress import progress
from ossicle_cli.session import Session

from ..charts.test_png import clipped
from ..conftest import Run, document, write_wav


@pytest.fixture(autouse=True)
def _source(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", clipped(1.0, 1.4))


def test_json_tells_facts_measurements_marks_and_findings(run: Run) -> None:
    found = document(run("inspect", "in.wav", "--json"))
    assert found["facts"]["sample_rate"] == 16_000
    assert found["facts"]["frames"] == 64_000
    assert found["measurements"]["peak_dbfs"] == pytest.approx(0.0, abs=0.01)
    assert found["marks"]["clipping"][0] == pytest.approx([1.0, 1.4], abs=0.01)
    assert found["marks"]["silence"][0] == pytest.approx([2.0, 3.0], abs=0.02)
    assert isinstance(found["findings"], list)


def test_a_person_gets_pictures_and_tables(run: Run) -> None:
    shown = run("inspect", "in.wav")
    assert shown.exit_code == 0
    assert "⣿" in shown.stdout
    assert "clipping ····" in shown.stdout
    assert "true peak" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert max(len(line) for line in shown.stdout.splitlines()) <= 120


@pytest.mark.slow
def test_pictures_and_report_are_written(run: Run, tmp_path: Path) -> None:
    result = run("inspect", "in.wav", "--png", "a.png", "--report", "a.html", "--json")
    assert document(result)["png"] == "a.png"
    with Image.open(tmp_path / "a.png") as image:
        assert image.size[0] == 1600
        dark = image.getpixel((0, 0))
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    run("inspect", "in.wav", "--png", "a.png", "--light")
    with Image.open(tmp_path / "a.png") as image:
        assert image.getpixel((0, 0)) != dark


def test_a_strange_name_is_harmless(run: Run, tmp_path: Path) -> None:
    name = "x\x1b[2J<b>\u202e.wav"
    write_wav(tmp_path / name, np.zeros((100, 1)))
    shown = run("inspect", name, "--report", "a.html")
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "<b>" not in (tmp_path / "a.html").read_text().split("<main>")[1]


def test_standard_input(run: Run, tmp_path: Path) -> None:
    given = (tmp_path / "in.wav").read_bytes()
    assert document(run("inspect", "-", "--json", given=given))["facts"]["frames"] == 64_000


def test_a_long_file_needs_trust(run: Run, tmp_path: Path) -> None:
    write_wav(tmp_path / "long.wav", np.zeros((601 * 1000, 1)), sample_rate=1000)
    result = run("inspect", "long.wav", "--json")
    assert document(result)["error"]["code"] == "audio_limit"
    assert "--trust" in result.stderr
    assert document(run("inspect", "long.wav", "--trust", "--json"))["facts"]["frames"] == 601_000


def test_what_is_no_audio_leaves_no_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("words " * 99)
    (tmp_path / "a.html").write_text("before")
    assert run("inspect", "text.wav", "--report", "a.html", "--png", "a.png").exit_code == 1
    assert (tmp_path / "a.html").read_text() == "before"
    assert not (tmp_path / "a.png").exists()
    assert run("inspect", "in.wav", "--report", "-").exit_code == 2


def test_nobody_watches_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(Session(), "work", total_s=2.0) as advance:
        advance(1.0)
    assert capsys.readouterr().err == ""


def test_a_person_watches_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress(Session(uses_color=False), "work", total_s=2.0) as advance:
        advance(2.0)
    assert "100 %" in capsys.readouterr().err
