"""A deterministic provider whose audio carries its text."""
