"""Misbehaving plugins and their host: `python -m tests.nightly.thresholds.misbehaving`.

Each start is a process of its own: import ossicle, open a client of the echo, speak, hear it again.
Plain starts, starts with the twelve installed, and starts that allow those of them that do not hang
are made by turns; the figures are medians of what the process itself measures. One last start
allows all twelve. Prints one JSON line; exits 1 when a start fails, or when the installed twelve
cost more than 50 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.nightly.thresholds.misbehaving_plugins import PLUGINS, install

MOST_MS = 50.0

START = """
import json, sys, time
began = time.perf_counter()
from ossicle import Client
with Client("echo", allow_plugins=sys.argv[1].split(",")) as client:
    text = client.transcribe(client.speak("Still here.").audio).text
    took_ms = 1000 * (time.perf_counter() - began)
    states = {one.name: one.state for one in client.plugins.listings()}
print(json.dumps({"took_ms": took_ms, "text": text, "states": states}))
"""


def start(folder: Path | None, *, allow: tuple[str, ...] = ()) -> float:
    """Milliseconds of one start.

    Raises:
        AssertionError: The client did not work, or a plugin is not listed as it should be.
    """
    path = [str(folder)] if folder else []
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
    done = subprocess.run(
        [sys.executable, "-c", START, ",".join(allow)], env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["text"] == "Still here."
    for plugin in PLUGINS if folder else ():
        expected = "broken" if plugin.name in allow else "blocked"
        assert found["states"][plugin.name] == expected, plugin.does
    return float(found["took_ms"])


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """Medians over so many rounds, and the one start that allows all."""
    swift = tuple(plugin.name for plugin in PLUGINS if not plugin.hangs)
    plain, installed, allowed = [], [], []
    start(None)  # the file system's cache is warm from now on
    for _ in range(rounds):
        plain.append(start(None))
        installed.append(start(folder))
        allowed.append(start(folder, allow=swift))
    base_ms = statistics.median(plain)
    return {
        "plain_ms": round(base_ms, 1),
        "installed_adds_ms": round(statistics.median(installed) - base_ms, 1),
        "ten_allowed_add_ms": round(statistics.median(allowed) - base_ms, 1),
        "all_allowed_take_ms": round(start(folder, allow=tuple(p.name for p in PLUGINS)), 1),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 0 when the twelve are cheap and harmless."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(install(Path(folder)), options.rounds)
    print(json.dumps({"plugins": len(PLUGINS), "rounds": options.rounds, **figures}))  # noqa: T201
    return 0 if figures["installed_adds_ms"] <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
