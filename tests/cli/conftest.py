"""The command line, run inside this process and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ossicle.audio import AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.signal import float_to_s16
from ossicle_cli.program import program

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `ossicle` in an empty folder, asking the echo unless told otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OSSICLE_PROVIDER", "echo")
    monkeypatch.setenv("COLUMNS", "120")

    def invoke(*arguments: str, given: bytes | str | None = None) -> Result:
        return CliRunner().invoke(program, list(arguments), input=given)

    return invoke


@pytest.fixture
def spawn(tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts `python -m ossicle_cli` in an empty folder."""
    # The process runs in another folder and must find the same packages as this one.
    found = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    environment = {**os.environ, "OSSICLE_PROVIDER": "echo", "PYTHONPATH": found}

    def start(
        *arguments: str, stdin: int = subprocess.PIPE, **extra: str
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "ossicle_cli", *arguments],
            cwd=tmp_path,
            env=environment | extra,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def write_wav(path: Path, samples: np.ndarray[Any, Any], *, sample_rate: int = 16_000) -> Path:
    """A 16-bit WAV file of float samples of shape `(frames, channels)`."""
    form = AudioFormat(
        container="wav",
        encoding="pcm_s16le",
        sample_rate=sample_rate,
        channels=samples.shape[1],
    )
    data = float_to_s16(samples.astype(np.float32)).tobytes()
    path.write_bytes(wav_header(form, len(samples)) + data)
    return path


def document(result: Result) -> Any:
    """The one JSON document on standard output."""
    return json.loads(result.stdout)
