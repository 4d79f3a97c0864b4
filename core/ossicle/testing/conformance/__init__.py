"""Suites of tests that prove a plugin: derive, give one fixture, run pytest."""

from ossicle.testing.conformance.converter import ConverterConformance
from ossicle.testing.conformance.preprocessor import PreprocessorConformance
from ossicle.testing.conformance.provider import ProviderConformance
from ossicle.testing.conformance.report import Behaviour, CapabilityReport, Claim
from ossicle.testing.conformance.suite import Conformance, check
from ossicle.testing.conformance.validator import ValidatorConformance

__all__ = [
    "Behaviour",
    "CapabilityReport",
    "Claim",
    "Conformance",
    "ConverterConformance",
    "PreprocessorConformance",
    "ProviderConformance",
    "ValidatorConformance",
    "check",
]
