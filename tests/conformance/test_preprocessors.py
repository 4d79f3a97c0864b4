"""The core's preprocessors pass their suite."""

from __future__ import annotations

import pytest

from ossicle.abc import PreprocessorSpec
from ossicle.preprocess.plugin import ossicle_register_preprocessors
from ossicle_testing.conformance import PreprocessorConformance

SPECS = {spec.name: spec for spec in ossicle_register_preprocessors()}


class TestDownmix(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return SPECS["downmix"]


class TestResample(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return SPECS["resample"]


class TestHighPass(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return SPECS["high_pass"]


class TestTrimSilence(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return SPECS["trim_silence"]


class TestLoudness(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return SPECS["loudness"]


def test_every_preprocessor_is_tested() -> None:
    assert set(SPECS) == {"downmix", "resample", "high_pass", "trim_silence", "loudness"}
