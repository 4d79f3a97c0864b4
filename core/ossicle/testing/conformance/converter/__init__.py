"""What every converter must do."""

from ossicle.testing.conformance.converter.suite import ConverterConformance

__all__ = ["ConverterConformance"]
