"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real and hostile audio beside the checkout; skips where it is not there."""
    named = os.environ.get("OSSICLE_SHARED_AUDIO")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "audio"
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("the shared audio folder is not beside this checkout")
    return folder
