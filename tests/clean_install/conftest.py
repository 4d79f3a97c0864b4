"""One fresh environment for all tests of this folder: about half a minute, once."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .tutorial import ROOT, Step, read_tutorial

_PATIENCE_S = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A folder with an environment in which nothing but ossicle is installed.

    Attributes:
        folder: Where the tutorial's reader works.
        python: Of the environment.
        environment: Variables for processes; they name no checkout.
        steps: What is left of the tutorial.
    """

    folder: Path
    python: Path
    environment: dict[str, str]
    steps: tuple[Step, ...]

    def run(self, *command: str | Path, at: Path | None = None, status: int = 0) -> str:
        """What a command says on both streams.

        Raises:
            AssertionError: Its exit status is another one.
        """
        done = subprocess.run(
            [str(part) for part in command], cwd=at or self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=_PATIENCE_S,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{command}\n{said}"
        return said

    def ossicle(self, *arguments: str | Path, at: Path | None = None, status: int = 0) -> str:
        """What the environment's `ossicle` says."""
        return self.run(self.python.parent / "ossicle", *arguments, at=at, status=status)

    def shell(self, step: Step) -> str:
        """What the commands of a step say, run as a reader runs them."""
        said = self.run("sh", "-e", "-c", step.text)
        return f"line {step.line}:\n{said}"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check",
               "--no-deps", "-w", str(folder), str(ROOT)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """The environment that the first commands of the tutorial make.

    `pip install ossicle` there finds this checkout's wheel: a constraint says where to look.
    """
    folder = tmp_path_factory.mktemp("fresh") / "pocket"
    folder.mkdir()
    constraint = folder.parent / "constraint.txt"
    version = wheel.name.split("-")[1]
    constraint.write_text(f"--find-links {wheel.parent.as_uri()}\nossicle==={version}\n")
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "PYTEST", "OSSICLE", "VIRTUAL_ENV"))}  # fmt: skip
    environment = kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_CONSTRAINT": str(constraint),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "200",
    }
    first, *others = read_tutorial()
    assert first.action == "run", "the tutorial begins with the environment"
    made = Fresh(
        folder=folder, python=folder / ".venv" / "bin" / "python", environment=environment,
        steps=tuple(others),
    )  # fmt: skip
    assert str(wheel) in made.shell(first), "another ossicle than this one was installed"
    return made
