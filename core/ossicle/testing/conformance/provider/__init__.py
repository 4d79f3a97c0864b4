"""What every provider must do."""

from ossicle.testing.conformance.provider.asking import Voice
from ossicle.testing.conformance.provider.suite import ProviderConformance

__all__ = ["ProviderConformance", "Voice"]
