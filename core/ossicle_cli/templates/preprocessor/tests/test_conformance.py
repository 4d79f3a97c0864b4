"""The preprocessor keeps every promise of its kind."""

from __future__ import annotations

import pytest
from ossicle.abc import PreprocessorSpec
from ossicle_testing.conformance import PreprocessorConformance

from ossicle_newname.plugin import ossicle_register_preprocessors


class TestNewname(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return ossicle_register_preprocessors()[0]
