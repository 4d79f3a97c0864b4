"""The core's validators pass their suite."""

from __future__ import annotations

import pytest

from ossicle.abc import ValidatorSpec
from ossicle.validators.plugin import ossicle_register_validators
from ossicle_testing.conformance import ValidatorConformance

SPECS = {spec.name: spec for spec in ossicle_register_validators()}


def suite_of(name: str) -> type[ValidatorConformance]:
    class Suite(ValidatorConformance):
        @pytest.fixture
        def spec(self) -> ValidatorSpec:
            return SPECS[name]

    return Suite


TestBandwidth = suite_of("bandwidth")
TestClipping = suite_of("clipping")
TestDcOffset = suite_of("dc_offset")
TestDeadChannel = suite_of("dead_channel")
TestDropout = suite_of("dropout")
TestDuration = suite_of("duration")
TestFormat = suite_of("format")
TestInaudible = suite_of("inaudible")
TestLevel = suite_of("level")
TestNoise = suite_of("noise")
TestSilence = suite_of("silence")
TestSize = suite_of("size")


def test_every_validator_is_tested() -> None:
    tested = {name for name in globals() if name.startswith("Test")}
    assert {name[4:].lower() for name in tested} == {name.replace("_", "") for name in SPECS}
