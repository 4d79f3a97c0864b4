"""Recognises samples with their rate in the shapes that other libraries give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, SupportsIndex


def rate_and_samples(source: object) -> tuple[int, Any] | None:
    """The rate and samples of `(sample_rate, array)` or `{"array": …, "sampling_rate": …}`."""
    if isinstance(source, Mapping) and {"array", "sampling_rate"} <= set(source):
        return source["sampling_rate"], source["array"]
    if not isinstance(source, tuple) or len(source) != 2 or not is_array(source[1]):
        return None
    if isinstance(source[0], SupportsIndex) and not isinstance(source[0], bool):
        return int(source[0]), source[1]
    return None


def is_array(value: object) -> bool:
    """Whether it is an array of some library: NumPy, PyTorch, JAX."""
    return hasattr(value, "__array__") and hasattr(value, "shape")
