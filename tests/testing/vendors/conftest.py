"""Every test here ends with the threads and file descriptors it began with."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def _descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fails a test that leaves a thread, a socket or an unclosed resource behind."""
    threads, descriptors = threading.active_count(), _descriptors()
    yield
    if threading.active_count() > threads or _descriptors() > descriptors:
        # What only waits for the collector warns when it goes, and a warning is an error.
        gc.collect()
    assert threading.active_count() <= threads
    assert _descriptors() <= descriptors
