"""What takes long, at full size: `python -m tests.nightly [NAME ...]`.

Each check is a command of its own that prints figures and exits with 0 only when they hold; run
several at once only on a machine with cores to spare, as some measure time. CI runs the same checks
in small, as the tests beside them; `--list` prints the commands.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

CHECKS: dict[str, tuple[str, ...]] = {
    "tenants": ("tests.nightly.thresholds.tenants",),
    "sessions": ("tests.nightly.thresholds.sessions",),
    "outage": ("tests.nightly.thresholds.outage",),
    "disk": ("tests.nightly.thresholds.disk",),
    "kills": ("tests.nightly.thresholds.kills",),
    "misbehaving": ("tests.nightly.thresholds.misbehaving",),
    "faults": ("tests.nightly.thresholds.faults",),
    "gate": ("tests.nightly.thresholds.gate",),
    "mutants": ("tests.nightly.mutants.mutants",),
    "long": (
        "pytest",
        "--profile",
        "long",
        "--numprocesses",
        "auto",
        "tests/core",
        "tests/testing",
    ),
}
"""The module that each runs, and its arguments."""


def main() -> int:
    """Run the named checks, also after one has failed; 0 when all passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.nightly", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*CHECKS, []], help="all by default")
    parser.add_argument("--list", action="store_true", help="print the commands and run nothing")
    arguments = parser.parse_args()
    failed = []
    for name in arguments.name or CHECKS:
        command = [sys.executable, "-m", *CHECKS[name]]
        print(f"== {name}: python -m {' '.join(CHECKS[name])}", flush=True)  # noqa: T201
        if arguments.list:
            continue
        began = time.monotonic()
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    print(f"failed: {', '.join(failed)}" if failed else "all nightly checks passed")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
