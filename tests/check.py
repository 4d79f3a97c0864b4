"""Everything that CI runs, in one command: `python -m tests.check`.

Format, lint, types (mypy and pyright), import contracts, the site, coverage, tests and
documentation tests.
The conformance reports that the wheel ships are made of what the tests prove.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent

SIDE_BY_SIDE = ["--numprocesses", "auto", "--maxprocesses", "8", "--dist", "worksteal"]

Step = tuple[str, list[str]]
"""Name and command of a check."""


def all_steps(pytest_arguments: list[str]) -> list[Step]:
    """Each check, fastest first; tests run one by one, as some measure time."""
    python = sys.executable
    return [
        *_fast_steps(),
        ("mypy", [python, "-m", "mypy"]),
        ("pyright", [python, "-m", "pyright", "--pythonpath", python]),
        *docs_steps(),
        *coverage_steps(),
        *_test_steps(pytest_arguments),
    ]


def docs_steps() -> list[Step]:
    """The site, with warnings as errors: dead links, names without a docstring."""
    return [("docs", [sys.executable, "-m", "mkdocs", "build", "--strict"])]


def _test_steps(pytest_arguments: list[str]) -> list[Step]:
    """All tests, with the reports that they make and a check of these; a part makes none."""
    python = sys.executable
    if pytest_arguments:
        return [("tests", [python, "-m", "pytest", *pytest_arguments])]
    shipped = "tests/core/plugins/test_shipped_reports.py"
    return [
        ("tests", [python, "-m", "ossicle_testing.report"]),
        ("reports", [python, "-m", "pytest", "-q", shipped]),
    ]


def quick_steps(pytest_arguments: list[str]) -> list[Step]:
    """About a minute: one type checker, and the tests in the profile `quick`, side by side."""
    python = sys.executable
    tests = [python, "-m", "pytest", "-q", "--profile", "quick", *SIDE_BY_SIDE, *pytest_arguments]
    return [*_fast_steps(), ("mypy", [python, "-m", "mypy"]), ("tests", tests)]


def coverage_steps() -> list[Step]:
    """The quick profile under coverage, and what it says."""
    python = sys.executable
    tests = [python, "-m", "pytest", "-q", "--profile", "quick", *SIDE_BY_SIDE]
    report = ["--cov", "--cov-report=json:coverage.json"]
    return [
        ("tests under coverage", [*tests, *report]),
        ("coverage", [python, "-m", "tests.coverage_report"]),
    ]


def room_steps(room: str, pytest_arguments: list[str]) -> list[Step]:
    """The lint of one room and all of its tests.

    Args:
        room: A folder below `tests`, or below `tests/core`, `tests/providers`, `tests/converters`.
        pytest_arguments: Further ones.
    """
    homes = [ROOT / "tests" / above / room for above in ("", "core", "providers", "converters")]
    found = [str(home.relative_to(ROOT)) for home in homes if home.exists()]
    if not found:
        sys.exit(f"there is no room {room!r} in tests: name a folder such as rest, cli or openai")
    python = sys.executable
    return [
        ("lint", [python, "-m", "ruff", "check", *found]),
        ("tests", [python, "-m", "pytest", *found, *pytest_arguments]),
    ]


def _fast_steps() -> list[Step]:
    python = sys.executable
    return [
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("lint", [python, "-m", "ruff", "check", "."]),
        ("imports", [str(TOOLS / "lint-imports")]),
    ]


def run_all(steps: list[Step]) -> int:
    """Run each, also after one has failed; 0 when all passed."""
    failed = []
    for name, command in steps:
        print(f"== {name}", flush=True)  # noqa: T201 - a command's output
        began = time.monotonic()
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)  # noqa: T201
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Further arguments go to pytest. What takes long: python -m tests.nightly.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="what a developer runs: a minute")
    which.add_argument("--room", help="one room's tests: rest, cli, openai ...")
    which.add_argument("--coverage", action="store_true", help="what the tests run of the source")
    which.add_argument("--docs", action="store_true", help="the site, into the folder site")
    return parser


def main() -> int:
    """Run what the command line asks for; further arguments go to pytest."""
    arguments, rest = parser().parse_known_args()
    if arguments.quick:
        return run_all(quick_steps(rest))
    if arguments.docs:
        return run_all(docs_steps())
    if arguments.coverage:
        return run_all(coverage_steps())
    if arguments.room:
        return run_all(room_steps(arguments.room, rest))
    return run_all(all_steps(rest))


if __name__ == "__main__":
    sys.exit(main())
