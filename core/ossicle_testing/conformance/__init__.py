"""Suites of tests that prove a plugin: derive, give one fixture, run pytest."""

import pytest

from ossicle.plugins import Behaviour, CapabilityReport, Claim

# What a check compared is shown when it fails, as in any test.
pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("converter", "preprocessor", "provider")),
    *(f"{__name__}.{part}" for part in ("store", "validator")),
)

from ossicle_testing.conformance.converter import ConverterConformance  # noqa: E402
from ossicle_testing.conformance.preprocessor import PreprocessorConformance  # noqa: E402
from ossicle_testing.conformance.provider import ProviderConformance  # noqa: E402
from ossicle_testing.conformance.runner import Trial, run_suite  # noqa: E402
from ossicle_testing.conformance.store import StoreConformance  # noqa: E402
from ossicle_testing.conformance.suite import Conformance, check  # noqa: E402
from ossicle_testing.conformance.validator import ValidatorConformance  # noqa: E402

__all__ = [
    "Behaviour",
    "CapabilityReport",
    "Claim",
    "Conformance",
    "ConverterConformance",
    "PreprocessorConformance",
    "ProviderConformance",
    "StoreConformance",
    "Trial",
    "ValidatorConformance",
    "check",
    "run_suite",
]
