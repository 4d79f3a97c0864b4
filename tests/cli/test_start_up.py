"""What the command imports before it does anything; CPU time is in `benchmarks/start_up.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from ossicle_cli.program import COMMANDS, program

from .charts.test_model import sine
from .conftest import write_wav

_CODE = """
import sys
from ossicle_cli import run
sys.argv = ["ossicle", *sys.argv[1:]]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
print(*sorted(name for name in sys.modules if name.startswith("ossicle")), sep="\\n",
      file=sys.stderr)
print(*sorted({"numpy", "pydantic", "pluggy", "rich", "asyncio"} & set(sys.modules)),
      file=sys.stderr)
"""


def imported(*arguments: str) -> tuple[list[str], str]:
    """Modules of ossicle and its plugins after a run, and the heavy ones of others."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *arguments], capture_output=True, text=True, check=True
    )
    lines = done.stderr.splitlines()
    return [line for line in lines[:-1] if line.startswith("ossicle")], lines[-1]


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_no_room_and_nothing_heavy(option: str) -> None:
    modules, heavy = imported(option)
    assert len(modules) <= 20, modules
    assert heavy == ""


def test_a_conversion_imports_no_provider_no_storage_and_at_most_ninety_modules(
    tmp_path: Path,
) -> None:
    source = write_wav(tmp_path / "in.wav", sine(440.0))
    modules, heavy = imported("convert", str(source), str(tmp_path / "out.mp3"))
    assert (tmp_path / "out.mp3").stat().st_size > 1000
    rooms = {name.split(".")[1] for name in modules if name.startswith("ossicle.")}
    assert not rooms & {"storage", "cascade", "policy", "pipeline", "client", "validators", "rest"}
    assert "ossicle_openai" not in modules
    assert "asyncio" not in heavy.split()
    # Where this fails with hundreds: entry points are those of an older install of this tree.
    assert len(modules) <= 90, modules


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_command_says_of_itself(name: str) -> None:
    context = click.Context(program)
    command = program.get_command(context, name)
    assert command is not None
    assert COMMANDS[name] == command.get_short_help_str(1000)
