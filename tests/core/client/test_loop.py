from __future__ import annotations

import gc
import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ossicle import Client
from ossicle.client.loop import LoopThread
from ossicle.errors import ConfigurationError, OssicleError


async def _answer() -> int:
    return 42


def _loops() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ossicle-loop"]


def test_a_closed_loop_takes_no_calls_and_closes_twice() -> None:
    loop = LoopThread()
    assert not loop.is_running
    assert loop.run(_answer) == 42
    assert loop.is_running
    loop.close()
    loop.close()
    assert not loop.is_running
    with pytest.raises(ConfigurationError, match="closed"):
        loop.run(_answer)


def test_a_loop_that_nobody_holds_any_more_ends_its_thread() -> None:
    before = set(_loops())
    loop = LoopThread()
    loop.run(_answer)
    [thread] = set(_loops()) - before
    del loop
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.slow
def test_a_program_that_does_not_close_its_client_ends() -> None:
    """It once waited for the client's thread for ever."""
    found = [str(Path(entry).resolve()) for entry in sys.path if entry]
    program = (
        f"import sys; sys.path[:0] = {found!r}\n"
        "from ossicle import Client\n"
        "client = Client('echo')\n"
        "print(client.respond('hi').text)\n"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (result.stdout, result.stderr, result.returncode) == ("You said: hi\n", "", 0)


def _use(client: Client, answers: multiprocessing.Queue[str]) -> None:
    try:
        answers.put(client.respond("hi").text or "")
    except OssicleError as error:
        answers.put(error.what)
    client.close()


@pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_of_a_used_client_is_told_so_and_not_left_waiting() -> None:
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    with Client("echo") as used, Client("echo") as unused:
        used.respond("hi")
        for client in (used, unused):
            child = fork.Process(target=_use, args=(client, answers))
            child.start()
            child.join(20)
            assert child.exitcode == 0
    assert "forked" in answers.get(timeout=10)
    assert answers.get(timeout=10) == "You said: hi"
