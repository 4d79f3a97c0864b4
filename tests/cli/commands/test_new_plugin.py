"""`ossicle new-plugin`."""

from __future__ import annotations

from pathlib import Path

from ..conftest import Run, document


def test_it_writes_a_project_and_says_what_comes_next(run: Run, tmp_path: Path) -> None:
    shown = run("new-plugin", "acme-voice", "--kind", "validator")
    assert shown.exit_code == 0
    assert "README.md says what to edit first" in shown.stdout
    assert (tmp_path / "ossicle-acme-voice" / "src" / "ossicle_acme_voice" / "plugin.py").is_file()


def test_it_tells_a_program_what_it_wrote(run: Run, tmp_path: Path) -> None:
    found = document(run("new-plugin", "acme", "--kind", "converter", "--into", "x", "--json"))
    assert (found["name"], found["kind"], found["folder"]) == ("acme", "converter", "x")
    assert all((tmp_path / "x" / file).is_file() for file in found["files"])


def test_it_overwrites_nothing(run: Run) -> None:
    assert run("new-plugin", "acme", "--kind", "provider").exit_code == 0
    again = run("new-plugin", "acme", "--kind", "provider", "--json")
    assert again.exit_code == 1
    assert document(again)["error"]["code"] == "file_access"


def test_names_that_ossicle_has_are_refused(run: Run) -> None:
    for name in ("echo", "soundfile", "trim-silence", "inaudible"):
        refused = run("new-plugin", name, "--kind", "validator", "--json")
        assert document(refused)["error"]["code"] == "configuration", name


def test_a_kind_must_be_named(run: Run) -> None:
    assert run("new-plugin", "acme").exit_code == 2
    assert run("new-plugin", "acme", "--kind", "toaster").exit_code == 2
