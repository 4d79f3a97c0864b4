"""The validator keeps every promise of its kind."""

from __future__ import annotations

import pytest
from ossicle.abc import ValidatorSpec
from ossicle_testing.conformance import ValidatorConformance

from ossicle_newname.plugin import ossicle_register_validators


class TestNewname(ValidatorConformance):
    @pytest.fixture
    def spec(self) -> ValidatorSpec:
        return ossicle_register_validators()[0]
