"""The command as a process: exit statuses, standard output, interrupts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ossicle import __version__
from ossicle_cli.program import COMMANDS

from .conftest import Run

Spawn = Callable[..., "subprocess.Popen[bytes]"]
_DEADLINE_S = 30


def ended(process: subprocess.Popen[bytes], given: bytes = b"") -> tuple[bytes, bytes, int]:
    out, err = process.communicate(given, timeout=_DEADLINE_S)
    return out, err, process.returncode


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"ossicle {__version__}\n"


def test_help_lists_every_command(run: Run) -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    assert all(f"\n  {name} " in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    "name",
    [name for name in COMMANDS if name not in ("storage", "conversations")]
    + ["storage show", "storage clean", "storage delete"]
    + [f"conversations {name}" for name in ("list", "show", "export", "import")],
)
def test_every_command_has_help(run: Run, name: str) -> None:
    shown = run(*name.split(), "--help")
    assert shown.exit_code == 0
    assert "--json" in shown.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",), ("ask",), ("ask", "hi", "--no-such"), ("ask", "hi", "--timeout", "0"),
        ("ask", "hi", "--quality", "best"), ("say", "hi"), ("transcribe",), ("convert", "a.wav"),
        ("convert", "a.wav", "b.mp3", "--bit-rate", "much"),
        ("ask", "-", "--audio", "-"), ("ask", "hi", "--json", "--out", "-"),
        ("ask", "--audio", "-", "--audio", "-"),
        ("ask", "hi", "--out", "a.wav", "--output", "text"),
    ],
)  # fmt: skip
def test_wrong_usage_is_2_and_says_so_on_standard_error(
    run: Run, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error:" in result.stderr


@pytest.mark.slow
def test_the_process_speaks_json_and_nothing_else(spawn: Spawn) -> None:
    out, err, status = ended(spawn("ask", "good morning", "--out", "a.wav", "--json"))
    assert status == 0, err
    found = json.loads(out)
    assert found["text"] == "You said: good morning"
    assert found["audio"]["path"] == "a.wav"


@pytest.mark.slow
def test_the_process_ends_with_1_and_a_message_of_three_parts(spawn: Spawn) -> None:
    out, err, status = ended(spawn("ask", "hi", "--provider", "no\x1b[2Jone"))
    assert status == 1
    assert out == b""
    assert err.startswith(b"error: unknown provider 'no\\x1b[2Jone'.\nKnown here: ")
    assert b"Traceback" not in err
    assert b"\x1b" not in err


def _waits_for_part(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until the temporary file of the output is there; the process is then in mid-work."""
    for _ in range(_DEADLINE_S * 20):
        if any(path.name.endswith(".part") for path in folder.iterdir()):
            return
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    pytest.fail("the output was never begun")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_an_interrupt_leaves_what_was_there_and_nothing_half_written(
    spawn: Spawn, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    (tmp_path / "a.wav").write_bytes(b"before")
    process = spawn("ask", "--audio", "-", "--out", "a.wav")
    _waits_for_part(process, tmp_path)
    process.send_signal(number)
    # Standard input stays open: the wait for it has to end by the signal alone.
    # An interrupt inside `exec`, as dataclasses use it while modules load, makes CPython end by the
    # signal itself after our own end; a shell reports both as 130.
    assert process.wait(timeout=_DEADLINE_S) in {status, -number}
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"before"
    _, err, _ = ended(process)
    assert b"Traceback" not in err


@pytest.mark.slow
def test_an_interrupt_ends_a_call_that_nobody_answers(spawn: Spawn, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(_DEADLINE_S)
        process = spawn(
            "ask", "hello", "--provider", "openai:gpt-audio-1.5", "--out", "a.mp3", "--stream",
            OPENAI_BASE_URL=f"http://127.0.0.1:{server.getsockname()[1]}/v1",
            OPENAI_API_KEY="x",
        )  # fmt: skip
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, err, status = ended(process)
    assert status == 130
    assert b"interrupted" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_traceback(spawn: Spawn) -> None:
    process = spawn("models", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    process.wait(timeout=_DEADLINE_S)
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.stdin is not None
    process.stdin.close()


def test_a_third_partys_plugin_loads_only_when_named(run: Run) -> None:
    result = run("--plugin", "nobody", "plugins", "--json")
    assert result.exit_code == 0
    assert all(plugin["is_first_party"] for plugin in json.loads(result.stdout)["plugins"])


def test_logging_goes_to_standard_error_and_ends_with_the_run(run: Run) -> None:
    import logging

    before = list(logging.getLogger().handlers)
    result = run("-vv", "ask", "hi", "--json")
    json.loads(result.stdout)
    assert logging.getLogger().handlers == before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no device is always full")
def test_a_full_standard_output_is_a_message_and_1(tmp_path: Path) -> None:
    result = _redirected("plugins --json > /dev/full", tmp_path)
    assert result.returncode == 1
    assert b"error: cannot use a standard stream" in result.stderr
    assert b"bug" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["plugins", "plugins --json", "say hello --out -"])
def test_a_closed_standard_output_is_a_message_and_1(command: str, tmp_path: Path) -> None:
    """Python has no stream at all there, which once was an AttributeError."""
    result = _redirected(f"{command} >&-", tmp_path)
    assert result.returncode == 1
    assert b"error: cannot use a standard stream" in result.stderr
    assert b"bug" not in result.stderr


@pytest.mark.slow
def test_closed_standard_input_and_error_do_not_matter(tmp_path: Path) -> None:
    result = _redirected("ask hello <&- 2>&-", tmp_path)
    assert result.returncode == 0
    assert result.stdout == b"You said: hello\n"


def _redirected(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    found = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    return subprocess.run(
        f'"{sys.executable}" -m ossicle_cli {command}',
        shell=True,
        cwd=folder,
        env={**os.environ, "OSSICLE_PROVIDER": "echo", "PYTHONPATH": found},
        capture_output=True,
        check=False,
    )


def test_the_helps_examples_stand_on_lines_of_their_own(run: Run) -> None:
    lines = run("--help").stdout.splitlines()
    assert "  ossicle ask --audio question.m4a --out answer.mp3" in lines
