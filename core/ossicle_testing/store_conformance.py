"""The suite of stores under its first name; it lives beside the other suites now."""

from ossicle_testing.conformance.store import ManualClock, StoreConformance

__all__ = ["ManualClock", "StoreConformance"]
