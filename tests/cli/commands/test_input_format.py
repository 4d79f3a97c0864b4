"""`--input-format`: headerless audio on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ossicle.audio import AudioClip

from ..conftest import Run, document

RATE = 8000


@pytest.fixture(autouse=True)
def call(tmp_path: Path) -> bytes:
    tone = 0.3 * np.sin(np.arange(2 * RATE) / 3).astype(np.float32)
    path = tmp_path / "call.ulaw"
    soundfile.write(path, tone, RATE, format="RAW", subtype="ULAW")
    return path.read_bytes()


@pytest.mark.parametrize("source", ["call.ulaw", "-"])
def test_every_command_takes_it(run: Run, tmp_path: Path, call: bytes, source: str) -> None:
    form = ("--input-format", "pcmu:8000:1")
    found = document(run("inspect", source, *form, "--json", given=call))
    assert found["facts"]["duration_s"] == 2.0
    assert found["facts"]["encoding"] == "mulaw"
    assert run("convert", source, "out.wav", *form, given=call).exit_code == 0
    clip = AudioClip.from_path(tmp_path / "out.wav")
    assert (clip.format.sample_rate, clip.duration_s) == (RATE, 2.0)
    for words in (("transcribe", source), ("ask", "--audio", source)):
        result = run(*words, *form, "--quality", "off", given=call)
        assert result.exit_code == 0, result.stderr


def test_without_it_the_refusal_says_how(run: Run) -> None:
    result = run("transcribe", "call.ulaw")
    assert result.exit_code != 0
    assert "--input-format" in result.stderr


def test_a_wrong_name_is_refused(run: Run) -> None:
    result = run("inspect", "call.ulaw", "--input-format", "telephone")
    assert result.exit_code != 0
    assert "pcmu:8000:1" in result.stderr
