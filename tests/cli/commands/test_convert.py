"""`ossicle convert`."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from ossicle.audio import AudioClip, AudioFormat

from ..charts.test_model import sine
from ..conftest import Run, document, write_wav


@pytest.fixture(autouse=True)
def _source(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", sine(440.0, seconds=2.0, level=0.1))


@pytest.mark.parametrize(
    "extension",
    ["wav", "mp3", "flac", "opus", "ogg", "m4a", "mp4", "webm", "caf", "aiff", "au"],
)
def test_to_every_format(run: Run, tmp_path: Path, extension: str) -> None:
    result = run("convert", "in.wav", f"out.{extension}")
    assert result.exit_code == 0, result.stderr
    clip = AudioClip.from_path(tmp_path / f"out.{extension}")
    wanted = AudioFormat.named({"ogg": "opus", "mp4": "m4a"}.get(extension, extension))
    assert (clip.format.container, clip.format.encoding) == (wanted.container, wanted.encoding)
    assert clip.to_pcm().duration_s == pytest.approx(2.0, abs=0.1)


def test_the_same_format_is_copied_bit_by_bit(run: Run, tmp_path: Path) -> None:
    assert run("convert", "in.wav", "out.wav").exit_code == 0
    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "in.wav").read_bytes()


def test_rate_channels_and_bit_rate(run: Run) -> None:
    result = run(
        "convert", "in.wav", "out.mp3", "--sample-rate", "24000", "--channels", "2",
        "--bit-rate", "128k", "--json",
    )  # fmt: skip
    output = document(result)["output"]
    assert (output["sample_rate"], output["channels"]) == (24_000, 2)
    assert output["n_bytes"] == pytest.approx(2.0 * 128_000 / 8, rel=0.15)
    assert output["path"] == "out.mp3"


def test_speech_is_prepared_and_told(run: Run) -> None:
    result = run("convert", "in.wav", "out.flac", "--speech", "--json")
    effects = document(result)["effects"]
    assert set(effects) == {"high_pass", "trim_silence", "loudness"}
    assert effects["loudness"]["gain_db"] > 0


def test_standard_input_to_standard_output(run: Run, tmp_path: Path) -> None:
    given = (tmp_path / "in.wav").read_bytes()
    result = run("convert", "-", "-", "--format", "flac", given=given)
    assert result.exit_code == 0
    back = AudioClip.from_bytes(result.stdout_bytes).to_pcm().samples
    assert np.array_equal(back, AudioClip.from_bytes(given).to_pcm().samples)


@pytest.mark.parametrize(
    ("source", "out", "code"),
    [
        ("in.wav", "out.xyz", "unsupported_format"),
        ("in.wav", "no/such/out.wav", "file_access"),
        ("missing.wav", "out.wav", "file_access"),
        ("text.wav", "out.wav", "malformed_audio"),
        ("empty.wav", "out.wav", "malformed_audio"),
        ("broken.flac", "out.wav", "malformed_audio"),
    ],
)
def test_what_cannot_be_leaves_nothing(
    run: Run, tmp_path: Path, source: str, out: str, code: str
) -> None:
    run("convert", "in.wav", "good.flac")
    good = (tmp_path / "good.flac").read_bytes()
    (tmp_path / "broken.flac").write_bytes(good[:200] + bytes(len(good) - 200))
    (tmp_path / "text.wav").write_text("just words, nothing to hear " * 20)
    (tmp_path / "empty.wav").touch()
    before = {path.name for path in tmp_path.iterdir()}
    result = run("convert", source, out, "--json")
    assert result.exit_code == 1
    assert document(result)["error"]["code"] == code
    assert {path.name for path in tmp_path.iterdir()} == before


def test_what_is_read_is_never_what_is_written(run: Run, tmp_path: Path) -> None:
    before = (tmp_path / "in.wav").read_bytes()
    result = run("convert", "in.wav", str(tmp_path / "in.wav"), "--sample-rate", "8000")
    assert result.exit_code == 1
    assert "both what is read and what would be written" in result.stderr
    assert (tmp_path / "in.wav").read_bytes() == before


@pytest.mark.parametrize("format", ["wav", "flac", "mp3"])
def test_a_named_pipe_is_written_to(run: Run, tmp_path: Path, format: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    result = run("convert", "in.wav", "pipe", "--format", format)
    reader.join(10)
    assert result.exit_code == 0, result.stderr
    assert AudioClip.from_bytes(got[0]).format.name == format
