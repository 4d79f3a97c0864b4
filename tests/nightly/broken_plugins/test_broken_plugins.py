"""Every broken plugin is caught, by the check that is there for it.

`OSSICLE_TEST_PROFILE=long` runs the whole suite for each of them; `quick` takes every fifth.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace

import pytest
from tests.nightly.broken_plugins import (
    converters,
    good_converter,
    habits,
    records,
    shortcuts,
    signals,
    stores,
    streams,
)
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec
from tests.nightly.broken_plugins.parrot.suite import ParrotSuite, ShrillSuite

from ossicle.abc import CodecRule
from ossicle_testing.conformance import Conformance, run_suite

PROFILE = os.environ.get("OSSICLE_TEST_PROFILE", "ci")
BROKEN_PLUGINS = [
    broken
    for house in (streams, habits, shortcuts, records, converters, signals, stores)
    for broken in house.BROKEN_PLUGINS
]
GOOD = [
    ParrotSuite,
    ShrillSuite,
    converters.GoodConverterSuite,
    signals.GoodPreprocessorSuite,
    signals.PaddingSuite,
    signals.RingingSuite,
    signals.GoodValidatorSuite,
    stores.GoodStoreSuite,
]


@pytest.mark.parametrize(
    "broken",
    BROKEN_PLUGINS[::5] if PROFILE == "quick" else BROKEN_PLUGINS,
    ids=lambda one: str(one),
)
def test_a_broken_plugin_is_caught_by_the_check_that_is_there_for_it(broken: BrokenPlugin) -> None:
    checks = None if PROFILE == "long" else {broken.check}
    trial = run_suite(broken.suite, checks=checks)
    assert broken.check in trial.failures, f"{broken} passed {broken.check}"
    assert re.search(broken.because, trial.failures[broken.check]), trial.failures[broken.check]
    assert not trial.report.is_verified


@pytest.mark.parametrize("suite", GOOD, ids=lambda suite: suite.__name__)
def test_the_good_plugins_that_they_are_made_of_pass(suite: type[Conformance]) -> None:
    trial = run_suite(suite)
    assert not trial.failures
    assert trial.report.is_verified


def test_memory_that_cannot_be_measured_is_not_passed() -> None:
    reads = (CodecRule(container="wma", encodings=("wmav2",)),)
    spec = replace(good_converter.SPEC, reads=reads, writes=())
    suite = with_spec(converters.GoodConverterSuite, spec)
    trial = run_suite(suite, checks={"test_memory_is_constant"})
    [found] = [one for one in trial.report.behaviours if one.name == "test_memory_is_constant"]
    assert found.outcome == "not applicable"
    assert "no long clip could be measured" in found.reason


def test_there_are_many_broken_plugins_and_none_twice() -> None:
    assert len(BROKEN_PLUGINS) >= 40
    assert not [name for name, count in Counter(map(str, BROKEN_PLUGINS)).items() if count > 1]
