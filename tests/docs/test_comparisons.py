"""Our line of each comparison runs, in the order of its page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ossicle import Client
from ossicle_testing.vendors import FakeOpenAI

PAGES = sorted((Path(__file__).parents[2] / "docs" / "coming-from").glob("*.md"))
ROW = re.compile(r"^\| (?P<task>[^|]+) \| (?P<theirs>[^|]*) ?\| (?P<ours>[^|]+) \|$", re.MULTILINE)
NEEDS = {"openai": "openai", "pydub": "pydub", "litellm": "opentelemetry"}


def test_there_is_a_page_for_each_of_four_origins() -> None:
    assert [page.stem for page in PAGES] == ["langchain", "litellm", "openai", "pydub"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_our_lines_of_a_comparison_run_in_their_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page.stem in NEEDS:
        pytest.importorskip(NEEDS[page.stem])
    monkeypatch.chdir(tmp_path)
    with Client("echo") as client:
        client.speak("What time is it?").audio.save("question.wav")  # type: ignore[union-attr]
    rows = [match.groupdict() for match in ROW.finditer(page.read_text(encoding="utf-8"))]
    programs = [
        (row["task"], line) for row in rows for line in re.findall(r"^`([^`]+)`$", row["ours"])
    ]
    assert len(programs) >= 14
    names: dict[str, Any] = {}
    with FakeOpenAI(keys=["sk-test"]) as vendor:
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        for task, line in programs:
            exec(compile(line, f"{page.name}: {task}", "exec"), names)
        if "client" in names:
            names["client"].close()
