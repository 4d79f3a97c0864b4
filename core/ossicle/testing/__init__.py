"""Conformance suites, strategies and fake vendors for those who build on ossicle."""
