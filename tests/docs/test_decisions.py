"""The index of decisions holds what the folder holds, and their code is where they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "decisions"
DECISIONS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
ROW = re.compile(r"\| (\d{3}) \| \[(.+)\]\((.+)\) \| (.+) \| (\d{4}-\d\d-\d\d) \|")
ROWS = ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
STATUS = re.compile(r"accepted|withdrawn|superseded by \d{3}")


def test_the_index_lists_each_decision_once_in_order() -> None:
    assert [row[2] for row in ROWS] == [path.name for path in DECISIONS]
    assert [int(row[0]) for row in ROWS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_the_decision_says(row: tuple[str, ...]) -> None:
    number, title, file, status, date = row
    text = (FOLDER / file).read_text(encoding="utf-8")
    assert file.startswith(f"{number}-")
    assert text.startswith(f"# {number}. {title}\n\n{date}")
    assert STATUS.fullmatch(status)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_what_a_decision_points_at_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"`((?:core|providers|converters|tests|examples)/[^`\s]+)`", text):
        assert (ROOT / target).exists(), target
