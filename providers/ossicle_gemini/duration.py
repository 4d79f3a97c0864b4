"""Lengths as Google writes them, read without trust. Pure."""

from __future__ import annotations

import re

_SECONDS = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)s")


def duration_s(value: object) -> float | None:
    """Seconds of a `google.protobuf.Duration` in JSON, such as `"34.07s"`; else `None`."""
    if not isinstance(value, str):
        return None
    found = _SECONDS.fullmatch(value.strip())
    return float(found[1]) if found else None
