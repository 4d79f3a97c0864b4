"""Every Python block of the README runs as it stands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_readme_has_blocks_to_test() -> None:
    assert len(blocks()) >= 3


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_block_of_the_readme_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block = blocks()[number]
    if '"local"' in block:
        pytest.importorskip("hibari")
        pytest.importorskip("av")
    shutil.copy(ROOT / "tests" / "data" / "m4a-moov-last-edit-list.m4a", tmp_path / "question.m4a")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, f"README.md block {number}", "exec"), {})
    assert capsys.readouterr().out.strip()
    if "answer.mp3" in block:
        assert (tmp_path / "answer.mp3").stat().st_size > 1000


def test_every_file_and_folder_that_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target
