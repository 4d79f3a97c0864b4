"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from tests.profiles import PROFILES, apply_profile, is_folder_left_out, profile_name, start


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--profile",
        choices=sorted(PROFILES),
        default=profile_name(),
        help="How much is tried: quick for developers, ci, long for a night.",
    )


def pytest_configure(config: pytest.Config) -> None:
    start(config.getoption("--profile"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    profile = PROFILES[config.getoption("--profile")]
    return True if is_folder_left_out(profile, collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = apply_profile(PROFILES[config.getoption("--profile")], items)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    # Many a test collects garbage to find what was left open; without this each would look through
    # all that is imported and collected here, several million objects that stay anyway.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real and hostile audio beside the checkout; skips where it is not there."""
    named = os.environ.get("OSSICLE_SHARED_AUDIO")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "audio"
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("the shared audio folder is not beside this checkout")
    return folder
