from __future__ import annotations

import json

import pytest
from tests.nightly.thresholds.disk import main


@pytest.mark.timeout(120)
def test_the_sweep_in_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--step", "59"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["typed_errors"] > 10
    assert sum(figures["faults"].values()) > 80
