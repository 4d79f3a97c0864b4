"""Checks of the settings that validators are built with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from ossicle.errors import ConfigurationError


def check_rising(thresholds: Mapping[str, float]) -> None:
    """Refuse thresholds that are no numbers, or that fall where they should rise.

    Args:
        thresholds: By name, in the order in which they must rise; equal ones are allowed.

    Raises:
        ConfigurationError: One is not finite, or lower than the one before it.
    """
    for name, value in thresholds.items():
        if not math.isfinite(value):
            raise ConfigurationError(f"{name} of {value} is no limit", fix="Give a number.")
    for (lower, low), (upper, high) in pairwise(thresholds.items()):
        if low > high:
            raise ConfigurationError(
                f"{upper} of {high:g} lies below {lower} of {low:g}",
                fix=f"Give {upper} a value of at least {low:g}.",
            )
