"""The tutorial of `plugins.md` as steps that a program can follow word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
HEADING = "## From an empty folder to four plugins"

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"(Add to )?`([\w./]+)`:$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that the reader does.

    Attributes:
        action: Run a shell's commands, write a file, or add to one.
        text: The commands, or what is written.
        path: Of the file.
        line: Where it stands on the page, from 1.
    """

    action: Literal["run", "write", "add"]
    text: str
    path: str = ""
    line: int

    def do(self, folder: Path) -> None:
        """Write or add."""
        target = folder / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a" if self.action == "add" else "w", encoding="utf-8") as file:
            file.write(self.text)


def tutorial(page: str) -> list[Step]:
    """All steps of the tutorial in order.

    Raises:
        ValueError: A block does not say what it is for.
    """
    start = page.index(f"{HEADING}\n")
    text = page[start : page.index("\n## ", start + 1)]
    steps = []
    for fence in _FENCE.finditer(text):
        line = page.count("\n", 0, start + fence.start()) + 1
        language, body = fence.groups()
        before = text[: fence.start()].rstrip().rpartition("\n")[2]
        named = _FILE.search(before)
        if language == "sh":
            steps.append(Step(action="run", text=body, line=line))
        elif named:
            action: Literal["add", "write"] = "add" if named[1] else "write"
            steps.append(Step(action=action, path=named[2], text=body, line=line))
        else:
            raise ValueError(f"plugins.md line {line}: no file is named before this block")
    return steps


def read_tutorial() -> list[Step]:
    """The steps of the page in this checkout."""
    return tutorial((ROOT / "plugins.md").read_text(encoding="utf-8"))
