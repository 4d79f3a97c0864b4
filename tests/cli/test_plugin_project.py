"""The names that a plugin may have, and the project that is written for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import ConfigurationError, FileAccessError
from ossicle_cli.plugin_project import KINDS, plugin_name, write_project

ROOT = Path(__file__).parents[2]
LONGEST = "a-plugin-with-a-longname"


@pytest.mark.parametrize(
    ("given_name", "name"),
    [("acme", "acme"), ("acme-voice", "acme_voice"), ("a", "a"), ("x2_y", "x2_y"),
     (LONGEST, LONGEST.replace("-", "_"))],
)  # fmt: skip
def test_a_name_is_written_with_underscores(given_name: str, name: str) -> None:
    assert plugin_name(given_name) == name


@pytest.mark.parametrize(
    "wrong",
    ["", "Acme", "1st", "a b", "a__b", "-a", "a-", "ünï", "../a", "a/b", "a.b", "a\n",
     f"{LONGEST}r", "ossicle-acme", "ossicle_acme", "newname"],
)  # fmt: skip
def test_a_wrong_name_is_refused_with_the_value_and_a_fix(wrong: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plugin_name(wrong)
    assert repr(wrong) in caught.value.what
    assert caught.value.fix


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="taken"):
        plugin_name("my-echo", taken={"my_echo"})


@given(st.text(max_size=30))
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    try:
        name = plugin_name(text)
    except ConfigurationError:
        return
    assert name.isidentifier()
    assert name.isascii()
    assert name == name.lower()


@pytest.mark.parametrize("kind", KINDS)
def test_no_trace_of_the_template_stays(kind: str, tmp_path: Path) -> None:
    files = write_project("acme_voice", kind=kind, into=tmp_path / "made")
    assert {Path("pyproject.toml"), Path("README.md"), Path("tests/test_conformance.py"),
            Path("src/ossicle_acme_voice/py.typed")} <= set(files)  # fmt: skip
    for file in files:
        text = (tmp_path / "made" / file).read_text()
        assert "newname" not in f"{file} {text}".lower()
    assert "ossicle-acme-voice" in (tmp_path / "made" / "pyproject.toml").read_text()


def test_an_empty_folder_is_filled_and_a_full_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert write_project("acme", kind="validator", into=tmp_path / "empty")
    before = sorted(tmp_path.rglob("*"))
    for there in (tmp_path / "empty", tmp_path / "empty" / "README.md"):
        with pytest.raises(FileAccessError, match="there already"):
            write_project("acme", kind="provider", into=there)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_tools_leave_in_a_checkout_is_not_handed_on(tmp_path: Path) -> None:
    project = write_project("acme", kind="converter", into=tmp_path / "made")
    template = ROOT / "core" / "ossicle_cli" / "templates" / "converter"
    assert len(project) == sum(
        path.is_file() and "cache" not in str(path) and ".hypothesis" not in path.parts
        for path in template.rglob("*")
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a", "m", LONGEST.replace("-", "_")])
def test_the_project_is_formatted_and_linted_by_its_own_rules(
    kind: str, name: str, tmp_path: Path
) -> None:
    write_project(name, kind=kind, into=tmp_path / "made")
    for arguments in (["check"], ["format", "--check"]):
        found = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
            cwd=tmp_path / "made", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_projects_are_strictly_typed(tmp_path: Path) -> None:
    """Their own tests run in `tests/clean_install`, installed as a stranger would."""
    for kind in KINDS:
        write_project(f"my_{kind}", kind=kind, into=tmp_path / kind)
        found = subprocess.run(
            [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "types")],
            cwd=tmp_path / kind, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stdout + found.stderr
