"""Fixtures for the bundled models."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from ossicle.cascade import CascadeProvider
from ossicle_local.engines import HEARING, SPEAKING, Engine
from ossicle_local.provider import local_assistant


def skip_without(*engines: Engine[Any]) -> None:
    """Skip unless everything that the engines need is installed; nothing is imported."""
    lacking = [need.package for engine in engines for need in engine.needs if not need.is_met]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")


@pytest.fixture(scope="session")
def best_engines() -> None:
    """Skip where the extra `local` is not installed."""
    skip_without(HEARING[0], SPEAKING[0])
    if importlib.util.find_spec("soundfile") is None:
        pytest.skip("not installed: soundfile")


@pytest.fixture(scope="session")
def assistant(best_engines: None) -> CascadeProvider:
    """The local assistant, its models loaded once for all tests."""
    return local_assistant(hearing="moonshine", speaking="hibari")


@pytest.fixture
def tiny_assistant() -> CascadeProvider:
    """The assistant of the extra `tiny`."""
    skip_without(HEARING[1], SPEAKING[1])
    return local_assistant(hearing="pocketsphinx", speaking="pico")
