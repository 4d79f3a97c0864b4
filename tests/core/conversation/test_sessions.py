"""The quick profile of the bar in `tests/bars/sessions.py`."""

from __future__ import annotations

import argparse

import pytest
from tests.bars.sessions import passed, run


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_long_conversations_with_a_vendor_that_forgets_go_on() -> None:
    record = await run(argparse.Namespace(conversations=6, turns=20, seed=3))
    assert passed(record), record
    assert record["switches"]
    assert record["cut_streams"]
