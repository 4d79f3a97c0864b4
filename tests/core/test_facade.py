"""`import ossicle` is light, and every public name is there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import ossicle

HEAVY = {"numpy", "pluggy", "pydantic", "openai", "soundfile", "soxr", "anyio", "click", "rich"}


def test_import_loads_nothing_heavy_and_costs_little_cpu() -> None:
    program = """
import json, resource, sys
before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
import ossicle
cpu_s = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
print(json.dumps({"cpu_s": cpu_s, "modules": sorted({m.split(".")[0] for m in sys.modules})}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    found = json.loads(done.stdout)
    assert HEAVY.isdisjoint(found["modules"])
    # The promise is 60 ms; this is a bound against a heavy import, not a benchmark.
    assert found["cpu_s"] < 0.06


def test_every_public_name_resolves() -> None:
    for name in ossicle.__all__:
        assert getattr(ossicle, name) is not None
    assert set(ossicle.__all__) <= set(dir(ossicle))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = ossicle.no_such_name  # type: ignore[attr-defined]
