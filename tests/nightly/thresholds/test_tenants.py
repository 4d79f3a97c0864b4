from __future__ import annotations

import json

import pytest
from tests.nightly.thresholds.tenants import main


def test_tenants_in_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--operations", "100", "--flips", "100"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["hits"] > 100
    assert (figures["flips_noticed"], figures["markers_planted"]) == (100, 64)
