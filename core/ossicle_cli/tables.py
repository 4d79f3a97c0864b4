"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ossicle_cli.terminal import visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from ossicle.messages import Finding

SEVERITY_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
SEVERITY_SIGNS = {"error": "✗", "warning": "!", "info": "·"}

_CELL_CHARACTERS = 1024
_WHOLE_CHARACTERS = 10


def cell(text: str, style: str = "") -> Text:
    """A string from outside as a cell."""
    from rich.text import Text

    return Text(visible(text, limit=_CELL_CHARACTERS), style=style, overflow="fold")


def pairs_table(rows: Iterable[tuple[str, str]], *, title: str | None = None) -> Table:
    """Labels and texts; a label that starts with spaces belongs to the row above it."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD if title else None,
        show_header=False,
        padding=(0, 1),
    )
    table.add_column(no_wrap=True)
    table.add_column()
    for label, text in rows:
        is_detail = label.startswith(" ")
        severity = label.strip()
        style = SEVERITY_STYLES.get(severity, "dim" if is_detail else "")
        table.add_row(cell(label, style if is_detail else "bold cyan"), cell(text, style))
    return table


def columns_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    title: str | None = None,
    folds_first: bool = False,
) -> Table:
    """A table with a heading a column; short words stay whole in a narrow terminal.

    Args:
        headings: One a column.
        rows: As many cells each.
        title: Above the table.
        folds_first: Whether the first column may be folded as well.
    """
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        header_style="bold cyan",
        padding=(0, 1),
    )
    cells = [[cell(item) if isinstance(item, str) else item for item in row] for row in rows]
    for number, heading in enumerate(headings):
        words = [heading, *(row[number].plain for row in cells)]
        table.add_column(
            heading, no_wrap=number == 0 and not folds_first, min_width=_longest_word(words)
        )
    for row in cells:
        table.add_row(*row)
    return table


def _longest_word(texts: Iterable[str]) -> int:
    """Characters that a column must be wide, so that only long words are ever broken."""
    words = (len(word) for text in texts for word in text.split())
    return max((size for size in words if size <= _WHOLE_CHARACTERS), default=0)


def findings_table(findings: Sequence[Finding], *, title: str | None = "Findings") -> Table:
    """What validators found, worst first, with places in time and what to do."""
    rows = [
        (
            cell(f"{SEVERITY_SIGNS[found.severity]} {found.code}", SEVERITY_STYLES[found.severity]),
            found.message,
            places(found),
            found.fix or "",
        )
        for found in findings
    ]
    return columns_table(("finding", "what", "where", "what to do"), rows, title=title)


def places(found: Finding, *, limit: int = 3) -> str:
    """Where in time, in words: `0:01.20-0:01.45, ... 12 more`."""
    shown = [f"{clock(start)}-{clock(end)}" for start, end in found.marks[:limit]]
    more = len(found.marks) - limit
    return ", ".join(shown) + (f", {more} more" if more > 0 else "")


def clock(seconds: float) -> str:
    """Minutes and seconds: `1:02.50`; hours where there are some."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 100:02d}.{rest % 100:02d}"


def megabytes(n_bytes: int) -> str:
    """A size for people, in decimal units."""
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1000:.1f} kB"
    return f"{n_bytes / 1_000_000:.1f} MB"
