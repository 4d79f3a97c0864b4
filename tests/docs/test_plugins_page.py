"""`plugins.md` is true: its hooks, signatures, fields and snippets are those of the code."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ossicle.abc import hooks

from ..fresh.tutorial import read_tutorial

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "plugins.md").read_text()


def documented() -> dict[str, str]:
    return dict(re.findall(r"\| `(ossicle_\w+)` \| `(\(.*?)` \|", PAGE))


def declared() -> dict[str, str]:
    return {
        name: str(inspect.signature(function)).replace("'", "")
        for name, function in inspect.getmembers(hooks, inspect.isfunction)
        if name.startswith("ossicle_")
    }


def test_every_hook_stands_on_the_page_with_its_signature() -> None:
    assert documented() == declared()


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """The files that the tutorial's reader writes."""
    for step in read_tutorial():
        if step.action != "run":
            step.do(tmp_path / "pocket")
    return tmp_path / "pocket"


@pytest.mark.slow
def test_the_code_of_the_tutorial_is_clean_and_strictly_typed(followed: Path) -> None:
    style = ["--isolated", "--line-length", "100"]
    for command in (
        ["ruff", "check", *style, "--select", "E,F,W,I,N,UP,B", "."],
        ["ruff", "format", *style, "--check", "."],
        ["mypy", "--strict", "--explicit-package-bases", "src", "tests"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=followed, env=os.environ | {"MYPYPATH": "src"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_that_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / target).exists(), target


def test_every_heading_that_the_page_links_to_is_there() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert target in anchors, target
