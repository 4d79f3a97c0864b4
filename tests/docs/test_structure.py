"""The house keeps its own rules: sizes of modules, names, no machine's path, whole `__all__`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("core", "providers", "converters") for path in (ROOT / folder).rglob("*.py")
)
VAGUE = {"utils", "helpers", "common", "base", "misc", "util", "helper"}


def test_there_are_sources() -> None:
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_at_most_500_lines_and_has_a_telling_name(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500
    assert path.stem not in VAGUE


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.name == "__init__.py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_package_only_hands_names_on(path: Path) -> None:
    tree = ast.parse(path.read_text())
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if path.parts[-2] not in ("ossicle", "ossicle_cli"):  # the lazy facade and the command's entry
        assert not defined
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names = [element.value for element in node.value.elts]  # type: ignore[attr-defined]
            assert len(names) == len(set(names))


def test_the_folders_of_packages_are_no_packages() -> None:
    for folder in ("core", "providers", "converters", "tests"):
        assert not (ROOT / folder / "__init__.py").exists()


def test_no_file_names_a_machines_path() -> None:
    path_like = re.compile(r"(?<![\w.])/(work|farm|root)/|/home/[a-z]")
    for path in [*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        assert not path_like.search(path.read_text()), path
