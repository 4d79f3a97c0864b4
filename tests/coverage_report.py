"""What the tests ran of the source, and which promises none of them tried.

`python -m tests.check --coverage` runs the quick profile under coverage and then this. A promise is
a public function or method, and each error that the source raises: one whose lines no test entered
is printed. Fails below the floor.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]

FLOOR = 90.0
"""Percent of the source's lines. The quick profile leaves out conformance suites and speech models,
so the whole run covers more."""


@dataclass(slots=True)
class Room:
    """What was run of a folder that holds modules.

    Attributes:
        run: Lines that some test ran.
        lines: Lines that can be run.
        uncalled: Public functions that no test entered, as `file:line name`.
        unraised: Errors that no test provoked, as `file:line name`.
    """

    run: int = 0
    lines: int = 0
    uncalled: list[str] = field(default_factory=list)
    unraised: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Of its lines, those that were run; 100 for a folder without any."""
        return 100.0 * self.run / self.lines if self.lines else 100.0


def rooms_of(report: dict[str, object], root: Path = ROOT) -> dict[str, Room]:
    """By the name of its folder.

    Args:
        report: As `coverage json` writes it.
        root: What its file names are relative to.
    """
    rooms: dict[str, Room] = defaultdict(Room)
    files = report["files"]
    assert isinstance(files, dict)
    for name, found in files.items():
        run, missing = set(found["executed_lines"]), set(found["missing_lines"])
        room = rooms[_room_name(Path(name))]
        room.run += len(run)
        room.lines += len(run | missing)
        tree = ast.parse((root / name).read_text(encoding="utf-8"))
        for function in _public_functions(tree):
            body = _lines_of(function.body)
            if body & missing and not body & run:
                room.uncalled.append(f"{name}:{function.lineno} {function.name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and node.exc is not None and node.lineno in missing:
                what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                room.unraised.append(f"{name}:{node.lineno} {ast.unparse(what)}")
    return dict(rooms)


def _room_name(path: Path) -> str:
    folders = path.parts[1:-1]
    return ".".join(folders[:2] if folders[0] == "ossicle" else folders[:1])


def _public_functions(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public_functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            yield node


def _lines_of(body: list[ast.stmt]) -> set[int]:
    return {line for one in body for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}


def main() -> int:
    """Print the report of `coverage.json`; 0 when the floor holds."""
    report = json.loads((ROOT / "coverage.json").read_text(encoding="utf-8"))
    rooms = rooms_of(report)
    for name, room in sorted(rooms.items()):
        print(  # noqa: T201
            f"{name:22} {room.percent:5.1f} % of {room.lines:5} lines; never called:"
            f" {len(room.uncalled):3} functions, never raised: {len(room.unraised):3} errors"
        )
    for title, rows in (
        (
            "Public functions that no test calls",
            [row for r in rooms.values() for row in r.uncalled],
        ),
        ("Errors that no test provokes", [row for r in rooms.values() for row in r.unraised]),
    ):
        print(f"\n{title}: {len(rows)}", *sorted(rows), sep="\n  ")  # noqa: T201
    total = report["totals"]["percent_covered"]
    print(f"\ncoverage {total:.1f} %, floor {FLOOR:.0f} %")  # noqa: T201
    return 0 if total >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
