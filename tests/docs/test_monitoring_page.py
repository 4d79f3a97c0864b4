"""`docs/guides/monitoring.md` is true: its names are those that are told, and its blocks run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.sdk")

from tests.core.telemetry.calls import FULL_RECEIPT, call_of
from tests.core.telemetry.otel import Backend

from ossicle.errors import QualityRefusedError

FOLDER = Path(__file__).parents[2] / "docs" / "guides"
PAGE = (FOLDER / "monitoring.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
STANDARD = {
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "ossicle.task",
    "ossicle.tenant",
}


@pytest.fixture(scope="module")
def backend() -> Backend:
    """Told of every kind of call."""
    made = Backend()
    for task in ("respond", "speak"):
        receipt = FULL_RECEIPT.model_copy(update={"task": task})
        error = QualityRefusedError("it is silence", findings=[])
        error.receipt = receipt
        made.listener.ossicle_call_finished(call_of(receipt), receipt)
        made.listener.ossicle_call_failed(call_of(receipt), error)
    return made


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", cell))


def rows(heading: str) -> list[list[str]]:
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_the_table_of_metrics_is_what_is_told(backend: Backend) -> None:
    documented = {}
    for cells in rows("metric"):
        [metric] = names(cells[0])
        documented[metric] = names(cells[3])
    told = {
        metric: {label for point in points for label in point.attributes} - STANDARD
        for metric, points in backend.points().items()
    }
    assert documented == told


def test_the_table_of_attributes_is_what_is_told(backend: Backend) -> None:
    documented = set().union(*(names(cells[0]) for cells in rows("attribute of a span")))
    told = {name for span in backend.spans for name in span.attributes or {}} | {"error.type"}
    assert documented == told


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_of_the_page_runs(
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[number], f"monitoring.md block {number}", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", PAGE)
    assert targets
    for target in targets:
        assert (FOLDER / target).exists(), target
