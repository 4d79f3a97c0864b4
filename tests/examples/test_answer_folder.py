"""The script answers what it can, tells what it cannot, and says so in its exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.examples.recordings import heard, silence, spoken

SCRIPT = Path(__file__).parents[2] / "examples" / "embedding" / "answer_folder.py"


def run(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, *arguments, "--provider", "echo"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_folder_is_answered(tmp_path: Path) -> None:
    messages, answers = tmp_path / "messages", tmp_path / "answers"
    messages.mkdir()
    (messages / "one.wav").write_bytes(spoken("hello"))
    (messages / "two.data").write_bytes(spoken("good night", "flac"))
    done = run(messages, answers)
    assert done.returncode == 0, done.stderr
    assert heard((answers / "one.mp3").read_bytes()) == "You said: hello"
    assert heard((answers / "two.mp3").read_bytes()) == "You said: good night"
    assert "one.wav: heard 5 characters, said 15" in done.stdout

    (messages / "three.wav").write_bytes(silence())
    (messages / "four.txt").write_text("no audio")
    done = run(messages, tmp_path / "again")
    assert done.returncode == 1
    assert {line.split(":")[0] for line in done.stderr.splitlines()} == {"three.wav", "four.txt"}
    assert len(list((tmp_path / "again").iterdir())) == 2
