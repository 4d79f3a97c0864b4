"""The profile of a run decides how much each kind of test tries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from tests.profiles import PROFILES, VARIABLE, apply_profile, machine, tried

ROOT = Path(__file__).parents[1]

SAMPLE = """
from pathlib import Path
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.profiles import machine, tried

def note(name):
    with open(Path(__file__).with_name("ran"), "a") as file:
        file.write(name + " ")

@given(st.integers())
def test_usual(number):
    note("usual")

@settings(max_examples=tried(30), deadline=None)
@given(st.integers())
def test_written(number):
    note("written")

class Machine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        note("run")

    @rule()
    def step(self):
        note("step")

TestMachine = Machine.TestCase
TestMachine.settings = machine(ci=(7, 5), long=(11, 6), quick=(2, 3))

@pytest.mark.slow
def test_slow():
    note("slow")

@pytest.mark.parametrize("number", range(5))
def test_case(number):
    note(f"case={number}")

@pytest.mark.timeout(5)
def test_time(request):
    note(f"timeout={request.node.get_closest_marker('timeout').args[0]}")
"""


def ran(folder: Path, *arguments: str, variable: str | None = None) -> dict[str, int]:
    """How often each thing of the sample happened in a run of its own."""
    (folder / "test_sample.py").write_text(SAMPLE)
    (folder / "ran").write_text("")
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if variable is not None:
        environment[VARIABLE] = variable
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.conftest",
        "--confcutdir",
        str(folder),
    ]
    done = subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), *arguments, str(folder / "test_sample.py")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    names = (folder / "ran").read_text().split()
    return {name: names.count(name) for name in names}


@pytest.mark.slow
def test_ci_runs_everything_as_it_is_written(tmp_path: Path) -> None:
    counts = ran(tmp_path)
    assert (counts["usual"], counts["written"], counts["slow"]) == (100, 30, 1)
    # A machine may be run once more, to look at its settings.
    assert counts["run"] in (7, 8)
    assert 5 * 7 >= counts["step"] >= 7
    assert counts["timeout=5"] == 1
    assert [counts[f"case={number}"] for number in range(5)] == [1] * 5


@pytest.mark.slow
def test_quick_tries_little_and_leaves_out_what_is_slow(tmp_path: Path) -> None:
    counts = ran(tmp_path, variable="quick")
    assert (counts["usual"], counts["written"]) == (5, 5)
    assert "slow" not in counts
    assert counts["run"] in (2, 3)
    assert {name for name in counts if name.startswith("case")} == {"case=0", "case=4"}


@pytest.mark.slow
def test_long_tries_much_more_and_takes_its_time(tmp_path: Path) -> None:
    counts = ran(tmp_path, "--profile", "long", variable="quick")
    assert (counts["usual"], counts["written"], counts["slow"]) == (2000, 600, 1)
    assert counts["run"] in (11, 12)
    assert counts["timeout=0"] == 1


def test_quick_leaves_out_the_folders_that_try_whole_systems(
    request: pytest.FixtureRequest,
) -> None:
    class Test(pytest.Item):
        def runtest(self) -> None: ...

    def test_in(folder: str) -> pytest.Item:
        path = ROOT / "tests" / folder / "test_it.py"
        return Test.from_parent(request.session, name=f"test_{folder}", path=path)

    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    items = [test_in(folder) for folder in sorted(folders)]
    gone = {item.path.parent.name for item in apply_profile(PROFILES["quick"], items)}
    assert gone == {"clean_install", "compatibility", "conformance", "examples", "nightly"}
    assert {item.path.parent.name for item in items} == folders - gone
    assert apply_profile(PROFILES["ci"], items) == []


@pytest.mark.parametrize(
    ("name", "few", "many", "size"),
    [
        ("quick", 3, 5, (3, 20)),
        ("ci", 3, 60, (60, 30)),
        ("long", 60, 1200, (1200, 30)),
    ],
)
def test_numbers_by_profile(
    monkeypatch: pytest.MonkeyPatch, name: str, few: int, many: int, size: tuple[int, int]
) -> None:
    assert name in PROFILES
    monkeypatch.setenv(VARIABLE, name)
    assert (tried(3), tried(60)) == (few, many)
    found = machine(ci=(60, 30))
    assert (found.max_examples, found.stateful_step_count) == size
    assert settings(found).deadline is None


def test_no_number_of_examples_stands_apart_from_the_profiles() -> None:
    # What `find` searches through is no property: it must find.
    allowed = {Path(__file__), ROOT / "tests" / "testing" / "strategies" / "finding.py"}
    written = re.compile(r"(max_examples|stateful_step_count)=\d")
    apart = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path not in allowed and written.search(path.read_text(encoding="utf-8"))
    ]
    assert apart == []
