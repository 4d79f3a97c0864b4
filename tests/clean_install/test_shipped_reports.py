"""A wheel ships the conformance reports that lie in the tree, and needs none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .tutorial import ROOT

NAME = "ossicle-conformance.json"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def wheel_of(tree: Path, folder: Path) -> set[str]:
    """The reports in the wheel of a tree."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check",
               "--no-deps", "-w", str(folder), str(tree)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(NAME)}


def test_reports_are_in_the_wheel_where_they_were_made(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("core", "providers", "converters"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns(NAME))
    for name in (".gitignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    assert NAME in (tree / ".gitignore").read_text(), "reports are not committed"
    assert wheel_of(tree, tmp_path / "without") == set()
    (tree / "providers" / "ossicle_echo" / NAME).write_text("{}")
    (tree / "core" / "ossicle" / "validators" / NAME).write_text("{}")
    assert wheel_of(tree, tmp_path / "with") == {
        f"ossicle_echo/{NAME}", f"ossicle/validators/{NAME}",
    }  # fmt: skip
