"""The page on architecture is held against the tree: files, names, layers and tasks."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DRAWING = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
PATHS = sorted({code for code in CODE if "/" in code} | set(re.findall(r"core/\S+\.py", DRAWING)))
ARROWS = re.findall(r"(?m)^.*?([A-Za-z_.]+) {2,}(core/\S+\.py)", DRAWING)

COMMANDS = {"lint-imports", "ossicle new-plugin", "python -m tests.check --room policy"}
"""What stands in code quotes and is no name in a file."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its first two lines."""
    [section] = re.findall(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", PAGE)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(cell: str) -> str:
    return cell.removeprefix("`").partition("`")[0]


@cache
def defined_in(path: Path) -> frozenset[str]:
    """Every name that a file defines: classes, functions, and what is assigned to."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return frozenset(names)


@cache
def defined_anywhere() -> frozenset[str]:
    sources = [
        path
        for folder in ("core", "providers", "converters")
        for path in (ROOT / folder).rglob("*.py")
        if "templates" not in path.parts
    ]
    rooms = {path.stem for path in (ROOT / "core" / "ossicle").iterdir()}
    return frozenset(rooms.union(*map(defined_in, sources)))


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_the_page_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted({code for code in CODE if "/" not in code} - COMMANDS))
def test_a_name_on_the_page_is_one_of_the_tree(name: str) -> None:
    if name.endswith((".md", ".toml")):
        assert (ROOT / name).is_file()
    elif name.startswith(("ossicle.", "ossicle_")) and not name.startswith("ossicle_register"):
        assert importlib.util.find_spec(name)
    else:
        for part in re.sub(r"\(.*\)", "", name).split("."):
            assert part in {"ossicle", "talk", "as_of"} or part in defined_anywhere(), part


def test_the_drawing_shows_each_step_with_its_file() -> None:
    assert len(ARROWS) >= 15


@pytest.mark.parametrize(("name", "path"), ARROWS)
def test_a_step_of_the_drawing_stands_in_its_file(name: str, path: str) -> None:
    assert name.rpartition(".")[2] in defined_in(ROOT / path)


def test_there_are_ten_nouns() -> None:
    assert len(rows("Ten nouns")) == 10


@pytest.mark.parametrize("row", rows("Ten nouns"), ids=lambda row: row[0])
def test_a_noun_is_defined_where_the_page_says(row: list[str]) -> None:
    assert quoted(row[0]) in defined_in(ROOT / quoted(row[2]))


def test_the_layers_are_those_of_the_contract() -> None:
    [shown] = re.findall(r"```layers\n(.*?)```", PAGE, re.DOTALL)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [
        one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    ]
    assert [set(line.split(" | ")) for line in shown.splitlines()] == [
        set(line.split(" | ")) for line in contract["layers"]
    ]


def test_a_contract_that_the_page_names_is_one() -> None:
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'contract\s+"([^"]+)"', PAGE)
    assert named
    for name in named:
        assert f'name = "{name}"' in contracts


def test_there_are_at_least_twenty_tasks() -> None:
    tasks = [row[0] for row in rows("Where to add what")]
    assert len(set(tasks)) == len(tasks) >= 20


@pytest.mark.parametrize("row", rows("Where to add what"), ids=lambda row: row[0])
def test_the_file_of_a_task_holds_the_name_to_begin_at(row: list[str]) -> None:
    path, name = ROOT / quoted(row[1]), quoted(row[2])
    if path.suffix == ".py":
        assert name in defined_in(path)
    else:
        assert name in path.read_text(encoding="utf-8")
