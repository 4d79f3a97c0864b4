"""The quick profile of the bar in `tests/nightly/thresholds/sessions.py`."""

from __future__ import annotations

import argparse

import pytest
from tests.nightly.thresholds.sessions import of_naive, passed, run


@pytest.mark.slow
def test_long_conversations_with_a_vendor_that_forgets_go_on() -> None:
    asked = argparse.Namespace(conversations=6, turns=20, seed=3, workers=1, money=[])
    record = run(asked)
    assert passed(record), record
    assert record["switches"]
    assert record["cut_streams"]
    assert record["written_down"]


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_ten_voice_turns_cost_a_fraction_of_sending_everything_again() -> None:
    found = await of_naive(10)
    assert found["default"] <= 0.8
    assert found["not_written_down"] == 1.0
