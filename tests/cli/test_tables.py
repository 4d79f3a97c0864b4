"""Words and figures of tables."""

from __future__ import annotations

import pytest

from ossicle.messages import Finding
from ossicle_cli.tables import cell, clock, megabytes, places


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00.00"), (1.234, "0:01.23"), (59.999, "1:00.00"), (3725.5, "1:02:05.50")],
)
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("n_bytes", "shown"), [(12, "12 bytes"), (1500, "1.5 kB"), (25_000_000, "25.0 MB")]
)
def test_megabytes(n_bytes: int, shown: str) -> None:
    assert megabytes(n_bytes) == shown


def test_places_names_some_and_counts_the_rest() -> None:
    found = Finding(
        code="x", severity="info", message="", marks=tuple((n, n + 0.5) for n in range(5))
    )
    assert places(found, limit=1) == "0:00.00-0:00.50, 4 more"
    assert places(Finding(code="x", severity="info", message="")) == ""


def test_a_cell_shows_markup_and_escapes_as_they_are() -> None:
    assert cell("[red]x[/red]\x1b[2J").plain == "[red]x[/red]\\x1b[2J"
