"""Every block of the cookbook and of the pages for newcomers runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ossicle import Client

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "cookbook.md", *sorted((DOCS / "coming-from").glob("*.md"))]
BLOCKS = [
    (f"{page.stem} block {number}", block)
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
]


def test_the_cookbook_has_fifteen_tasks_that_run() -> None:
    tasks = re.split(r"^## ", PAGES[0].read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(tasks) >= 15
    for task in tasks:
        assert "```python\n" in task, task.splitlines()[0]


def test_those_who_come_from_elsewhere_have_a_page_that_runs() -> None:
    running = {name.split(" ")[0] for name, _ in BLOCKS}
    assert running == {"cookbook", "pydub", "openai", "litellm", "langchain"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a block runs: a question and two recordings."""
    (tmp_path / "recordings").mkdir()
    with Client("echo") as client:
        clip = client.speak("How long is a piece of string?", output_format="wav").audio
        assert clip is not None
        for name in ("question.wav", "recordings/one.wav", "recordings/two.wav"):
            clip.save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "")  # a block sets them; both are put back afterwards
    return tmp_path


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_a_block_runs_and_shows_something(
    name: str, block: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(block, name, "exec"), {"__name__": "recipe"})
    assert capsys.readouterr().out.strip(), f"{name} showed nothing in {folder.name}"
