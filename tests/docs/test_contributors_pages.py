"""What contributors are told is so: links, commands, workflows, and one place for the version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests import check

from ossicle import __version__

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    ROOT / "changelog.d" / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md")),
]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "docs/house-style.md"])
def test_the_files_that_a_page_names_are_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:core|tests|docs|providers|converters)(?:/[\w./]+)?)`", text)
    for path in named:
        assert (ROOT / path).exists(), path
    assert named


def test_each_way_to_run_the_checks_is_one() -> None:
    options = set(re.findall(r"python -m tests\.check (--\w+)", CONTRIBUTING))
    assert options == {"--quick", "--room", "--coverage", "--docs"}
    help_text = check.parser().format_help()
    for option in options:
        assert option in help_text
    [room] = re.findall(r"tests\.check --room (\w+)", CONTRIBUTING)
    assert check.room_steps(room, [])
    assert (ROOT / re.findall(r"pytest (tests/\S+\.py)", CONTRIBUTING)[0]).is_file()


def test_the_version_has_one_place() -> None:
    assert SETTINGS["project"]["dynamic"] == ["version"]
    assert "version" not in SETTINGS["project"]
    place = ROOT / SETTINGS["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{__version__}"' in place.read_text(encoding="utf-8")
    newest = re.findall(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    assert newest == __version__


def test_a_version_takes_about_twenty_lines_of_the_changelog() -> None:
    *_, first = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("## 0.1.0")
    assert 15 <= len(first.splitlines()) <= 30


def test_a_fragment_of_the_changelog_has_a_known_kind() -> None:
    kinds = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md|README\.md")
    for path in (ROOT / "changelog.d").iterdir():
        assert kinds.fullmatch(path.name), path.name


def test_the_workflow_tries_each_system_and_version() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    [systems] = re.findall(r"os: \[(.*)\]", text)
    [versions] = re.findall(r"python: \[(.*)\]", text)
    assert systems.split(", ") == ["ubuntu-latest", "macos-latest", "windows-latest"]
    tried = versions.replace('"', "").split(", ")
    assert tried == ["3.11", "3.12", "3.13", "3.14"]
    named = [line.rpartition(" ")[2] for line in SETTINGS["project"]["classifiers"]]
    assert set(tried) >= {name for name in named if name.startswith("3.")}
    assert SETTINGS["project"]["requires-python"] == f">={tried[0]}"
    for run in re.findall(r"run: python -m (\S+)", text):
        assert run == "tests.check"


def test_a_room_can_be_tested_alone_for_each_room_of_the_core() -> None:
    for folder in (ROOT / "tests" / "core").iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            assert check.room_steps(folder.name, [])
