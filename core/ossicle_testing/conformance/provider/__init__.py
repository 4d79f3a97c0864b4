"""What every provider must do."""

from ossicle_testing.conformance.provider.requests import Voice
from ossicle_testing.conformance.provider.suite import ProviderConformance

__all__ = ["ProviderConformance", "Voice"]
