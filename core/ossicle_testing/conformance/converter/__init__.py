"""What every converter must do."""

from ossicle_testing.conformance.converter.suite import ConverterConformance

__all__ = ["ConverterConformance"]
