"""`docs/guides/embedding.md` names every example, and its statuses are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from http_errors import STATUSES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "embedding"
PAGE = (ROOT / "docs" / "guides" / "embedding.md").read_text()


def test_every_example_stands_on_the_page_and_every_link_leads_somewhere() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert files <= set(re.findall(r"`(\w+\.\w+)`", PAGE))
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / "guides" / target).exists(), target


def test_the_statuses_are_those_of_the_code() -> None:
    table = PAGE.split("| what happened | status |", 1)[1].split("\n\n", 1)[0]
    told = {int(status) for status in re.findall(r"\| (\d{3})", table)}
    assert told == {status for _, status in STATUSES} | {500}
