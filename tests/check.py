"""Everything that CI runs, in one command: `python -m tests.check`.

Format, lint, types (mypy and pyright), import contracts, tests and documentation tests. Further
arguments go to pytest. `--quick` is for developers: no type checkers, and the tests in the profile
`quick`, side by side on the cores there are; in CI they run one by one, as some measure time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent

SIDE_BY_SIDE = ["--numprocesses", "auto", "--maxprocesses", "8", "--dist", "worksteal"]


def steps(pytest_arguments: list[str]) -> list[tuple[str, list[str]]]:
    """Name and command of each check, fastest first."""
    python = sys.executable
    return [
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("lint", [python, "-m", "ruff", "check", "."]),
        ("imports", [str(TOOLS / "lint-imports")]),
        ("mypy", [python, "-m", "mypy"]),
        ("pyright", [python, "-m", "pyright", "--pythonpath", python]),
        ("tests", [python, "-m", "pytest", *pytest_arguments]),
    ]


def main() -> int:
    """Run all checks, also after one has failed; 0 when all passed."""
    failed = []
    arguments = sys.argv[1:]
    is_quick = "--quick" in arguments
    if is_quick:
        arguments.remove("--quick")
        arguments = ["--profile", "quick", *SIDE_BY_SIDE, *arguments]
    for name, command in steps(arguments):
        if is_quick and name in ("mypy", "pyright"):
            continue
        print(f"== {name}", flush=True)  # noqa: T201 - a command's output
        began = time.monotonic()
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
