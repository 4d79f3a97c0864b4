from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.nightly.thresholds.kills import NAMES

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_killed_stores_lose_nothing() -> None:
    # In a process of its own: the bar forks, and this one may have threads.
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.nightly.thresholds.kills",
            "--kills",
            "20",
            "--times",
            "1",
            "--every",
            "9",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout)
    assert figures["kills"] == 20
    assert figures["acknowledged"] > 300
    assert (figures["lost"], figures["corrupt"], figures["orphans"]) == (0, 0, 0)


def test_there_are_enough_named_points() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 20
