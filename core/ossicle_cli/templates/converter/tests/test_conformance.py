"""The converter keeps every promise of its rules."""

from __future__ import annotations

import pytest
from ossicle.abc import ConverterSpec
from ossicle_testing.conformance import ConverterConformance

from ossicle_newname.plugin import ossicle_register_converters


class TestNewname(ConverterConformance):
    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return ossicle_register_converters()[0]
