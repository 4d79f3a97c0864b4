"""What type checkers accept and refuse of the public face, mypy and pyright alike."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USES = Path(__file__).with_name("uses.py")


def by_mypy() -> set[int]:
    command = [sys.executable, "-m", "mypy", "--no-pretty", "--no-error-summary", str(USES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"^(.+?):(\d+):(?:\d+:)? error:", done.stdout, re.MULTILINE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert {Path(name).name for name, _ in found} == {USES.name}, done.stdout
    return {int(line) for _, line in found}


def by_pyright() -> set[int]:
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run([*command, str(USES)], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = [one for one in found if one["severity"] == "error"]
    return {one["range"]["start"]["line"] + 1 for one in errors}


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_marked_lines_are_refused_and_no_others(checker: Callable[[], set[int]]) -> None:
    lines = USES.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}
    refused = checker()
    accepted = [f"accepted: {lines[number - 1].strip()}" for number in sorted(marked - refused)]
    wrong = [f"refused: {lines[number - 1].strip()}" for number in sorted(refused - marked)]
    assert [*accepted, *wrong] == []
